import { defineSaga, defineStep } from '@redress/core';
import type { News, Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';
import type { Process } from './support.js';

const HOUR = 3_600_000;

/** How often a process has claimed and asked what is due. */
function counting() {
  const asked = { claims: 0, due: 0, names: [] as (readonly string[])[] };
  const verbs = (store: Store): Partial<Store> => ({
    claim: (claim) => {
      asked.claims += 1;
      asked.names.push(claim.names ?? []);
      return store.claim(claim);
    },
    dueIn: (wanted) => {
      asked.due += 1;
      return (store as Required<Store>).dueIn(wanted);
    },
  });
  return { asked, verbs };
}

const review = defineSaga('review', { id: (id: string) => id }, async (run, _id) => run.receive<string>('decision'));
const nap = defineSaga('nap', { id: (id: string, _ms: number) => id }, async (run, _id, ms) => {
  await run.sleep(ms);
  return 'rested';
});
const options = { sagas: [review, nap], poll: '1h' } as const;

describe('where the store tells news', () => {
  it('a signal wakes a parked run at once, in a process that neither parked nor signalled it', async () => {
    const world = new World();
    const [parks, wakes] = [world.process(options), world.process(options)];
    await parks.runtime.start(review, ['x']);
    await world.clock.advance(1_000);
    parks.kill();
    const signals = world.process({ ...options, worker: false });
    await signals.runtime.signal(review, 'x', 'decision', 'yes');
    await world.clock.advance(10);
    expect((await world.store.load('review/x'))?.head.status).toBe('completed');
    expect(wakes.events.map(({ name }) => name)).toContain('saga.completed');
  });

  it('a caller in another process learns the outcome at once, and has looked for it a few times only', async () => {
    const world = new World();
    const runs = world.process(options);
    await runs.runtime.start(review, ['x']);
    let loads = 0;
    const waits = world.process({ ...options, worker: false }, (store) => ({
      load: (...args) => {
        loads += 1;
        return store.load(...args);
      },
    }));
    const outcome = waits.runtime.handle(review, 'x').outcome();
    await world.clock.advance(HOUR / 2);
    expect(loads).toBeLessThanOrEqual(3);
    await runs.runtime.signal(review, 'x', 'decision', 'yes');
    await world.clock.advance(10);
    expect(await outcome).toBe('yes');
  });

  it('a caller learns at once that its runtime has stopped', async () => {
    const world = new World();
    await world.process(options).runtime.start(review, ['x']);
    const waits = world.process({ ...options, worker: false });
    const outcome = waits.runtime.handle(review, 'x').outcome();
    await world.clock.advance(1_000);
    const learned = outcome.catch((error: unknown) => error);
    await waits.runtime.stop();
    await world.clock.advance(1);
    expect(await learned).toMatchObject({ code: 'SAGA_STILL_RUNNING' });
  });

  it('a process without work asks rarely, and one that hears nothing as often as ever', async () => {
    const asksOf = async (deaf: boolean): Promise<number> => {
      const world = new World();
      world.deaf = deaf;
      const { asked, verbs } = counting();
      world.process({ sagas: [review, nap] }, verbs);
      await world.clock.advance(HOUR / 60);
      return asked.claims + asked.due;
    };
    expect(await asksOf(true)).toBeGreaterThan(100);
    expect(await asksOf(false)).toBeLessThan(40);
  });

  it('a run that was parked for a while is taken up by another process when its own has died', async () => {
    const times = [1_000, 4_000, 7_000, 30_000];
    // Wherever the other one's watch stands.
    for (let phase = 0; phase < 5_000; phase += 500) {
      const world = new World();
      const parks = world.process({ sagas: [nap] });
      world.process({ sagas: [nap] });
      await world.clock.advance(60_000 + phase);
      const from = world.clock.monotonic();
      for (const ms of times) await parks.runtime.start(nap, [`${ms}`, ms]);
      await world.clock.advance(100);
      parks.kill();
      for (const ms of times) {
        await world.clock.advance(from + ms + 100 - world.clock.monotonic());
        expect([phase, ms, (await world.store.load(`nap/${ms}`))?.head.status]).toEqual([phase, ms, 'completed']);
      }
    }
  });

  it('the run of a process that has died is taken up when its lease has ended', async () => {
    const hang = defineStep('hang', { readOnly: true }, async () => new Promise<void>(() => {}));
    const saga = defineSaga('hangs', { id: () => 'x' }, async (run) => run.step(hang));
    for (const lease of [300, 10_000, 60_000]) {
      const world = new World();
      const parts = { sagas: [saga], steps: [hang], lease };
      const [dies, lives] = [world.process(parts), world.process(parts)];
      await world.clock.advance(60_000);
      await dies.runtime.start(saga, []);
      dies.kill();
      await world.clock.advance(lease - 1);
      expect(lives.events).toEqual([]);
      await world.clock.advance(200);
      expect([lease, lives.events.map(({ name }) => name)]).toEqual([lease, ['run.claimed']]);
    }
  });

  it('a saga that is registered later is looked for at once', async () => {
    const world = new World();
    const parks = world.process({ sagas: [review], worker: false });
    await parks.runtime.start(review, ['x']);
    await parks.runtime.signal(review, 'x', 'decision', 'yes');
    parks.kill();
    const lives = world.process({ sagas: [nap], poll: '1h' });
    await world.clock.advance(60_000);
    lives.runtime.register({ sagas: [review] });
    await world.clock.advance(100);
    expect((await world.store.load('review/x'))?.head.status).toBe('completed');
  });

  it('what was told to nobody is found all the same', async () => {
    const world = new World();
    let tell: (news?: News) => void = () => {};
    const lost = (store: Store): Partial<Store> => ({
      watch: (topic, heard) => {
        const { live } = (store as Required<Store>).watch(topic, (news) => news || heard());
        tell = heard;
        return { live, stop() {} };
      },
    });
    const parks = world.process({ sagas: [review], worker: false });
    world.process({ sagas: [review] }, lost);
    await parks.runtime.start(review, ['x']);
    await world.clock.advance(60_000);
    await parks.runtime.signal(review, 'x', 'decision', 'yes');
    await world.clock.advance(5_200);
    expect((await world.store.load('review/x'))?.head.status).toBe('completed');
    // Twice, late, and of what is not there: nothing is correct by it.
    for (const news of [{ name: 'review', inMs: 0 }, { name: 'unknown', inMs: 0 }, { name: 'nap', inMs: 100 }, undefined]) tell(news);
    await world.clock.advance(1_000);
  });

  it('a store that calls due what it does not give is not asked without a pause', async () => {
    const world = new World();
    const { asked, verbs } = counting();
    const wrong = (store: Store): Partial<Store> => ({ ...verbs(store), dueIn: async () => 0 });
    world.process({ sagas: [review], poll: 500 }, wrong);
    await world.clock.advance(10_000);
    expect(asked.claims).toBeLessThan(40);
  });

  it('many who hear the same look one after the other, so that few meet, and less often the longer it goes on in vain', async () => {
    const world = new World();
    const { asked, verbs } = counting();
    const processes: Process[] = [];
    for (let i = 0; i < 20; i++) processes.push(world.process(options, verbs));
    const client = world.process({ ...options, worker: false });
    for (let i = 0; i < 200; i++) await client.runtime.start(review, [`${i}`]);
    await world.clock.advance(1_000);
    asked.claims = 0;
    for (let i = 0; i < 200; i++) {
      await client.runtime.signal(review, `${i}`, 'decision', 'yes');
      await world.clock.advance(5);
    }
    await world.clock.advance(1_000);
    expect((await client.runtime.admin.list({ status: ['completed'], limit: 1_000 })).runs).toHaveLength(200);
    // Without the pauses: 4,000.
    expect(asked.claims).toBeLessThan(1_500);
  });
});
