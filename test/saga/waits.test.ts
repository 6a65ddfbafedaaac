import { defineSaga, defineStep } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const DAY = 86_400_000;

describe('a durable sleep', () => {
  it('D9 lasts over a restart of everything, and ends once, at its time; nobody holds the run meanwhile', async () => {
    const world = new World();
    const log: string[] = [];
    const note = defineStep(
      'note',
      { readOnly: true },
      async (text: string) => void log.push(`${text} ${Math.round(world.clock.monotonic() / DAY)}`),
    );
    const saga = defineSaga('sleeper', { id: () => 'x' }, async (run) => {
      await run.step(note, 'before');
      await run.sleep('3d');
      await run.step(note, 'after');
      return 'awake';
    });
    const options = { sagas: [saga], steps: [note], poll: 60_000 };
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(1_000);
    expect((await world.store.load('sleeper/x'))?.head).toMatchObject({ status: 'running', owner: null });
    one.kill();
    await world.clock.advance(DAY);
    const two = world.process(options);
    await world.clock.advance(2 * DAY);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toBe('awake');
    expect(log).toEqual(['before 0', 'after 3']);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(3 * DAY);
    expect(world.clock.monotonic()).toBeLessThan(3 * DAY + 120_000);
  });

  it('costs its caller nothing but the wait, in the same process', async () => {
    const world = new World();
    const saga = defineSaga('nap', {}, async (run) => {
      for (const ms of [10, 20, 30]) await run.sleep(ms);
      return 'done';
    });
    const { runtime } = world.process({ sagas: [saga] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe('done');
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(60);
  });

  it('beside a running step does not park the run, and ends on time', async () => {
    const world = new World();
    const order: string[] = [];
    const slow = defineStep('slow', { readOnly: true }, async () => {
      await new Promise<void>((resolve) => void world.clock.setTimer(500, resolve));
      order.push('slow');
    });
    const saga = defineSaga('both', { id: () => 'x' }, async (run) => {
      await Promise.all([run.step(slow), run.sleep(100).then(() => order.push('sleep'))]);
    });
    const { runtime, events } = world.process({ sagas: [saga], steps: [slow] });
    await world.clock.until(runtime.run(saga, []));
    expect(order).toEqual(['sleep', 'slow']);
    expect(events.map(({ name }) => name)).not.toContain('run.parked');
  });

  it('that the body has left behind does not hold its end up', async () => {
    const world = new World();
    const saga = defineSaga('first of two', { id: () => 'x' }, (run) =>
      Promise.race([run.sleep('1h').then(() => 'nobody came'), run.receive<string>('ok'), run.receive('never')]),
    );
    const { runtime, events } = world.process({ sagas: [saga] });
    const ended = runtime.run(saga, []);
    await world.clock.advance(1_000);
    await runtime.signal(saga, 'x', 'ok', 'somebody came');
    expect(await world.clock.until(ended)).toBe('somebody came');
    expect(world.clock.monotonic()).toBeLessThan(2_000);
    expect(events.map(({ name }) => name)).not.toContain('step.floating');
    expect((await world.store.load('first of two/x'))?.head).toMatchObject({ status: 'completed', wakeAt: null });
  });

  it('that a body calls in its last turn does not hold its end up either', async () => {
    const world = new World();
    const saga = defineSaga('parting', { id: () => 'x' }, async (run) => {
      await run.sleep(10);
      void run.receive('never');
      return 'gone';
    });
    const { runtime } = world.process({ sagas: [saga] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe('gone');
    expect(world.clock.monotonic()).toBeLessThan(2_000);
  });

  it('of several at once wakes the run for each, in order', async () => {
    const world = new World();
    const order: number[] = [];
    const seen: number[][] = [];
    const saga = defineSaga('many', {}, async (run) => {
      const mine: number[] = [];
      seen.push(mine);
      await Promise.all(
        [300, 100, 200].map(async (ms) => {
          await run.sleep(ms);
          mine.push(ms);
        }),
      );
      order.push(...mine);
    });
    const { runtime } = world.process({ sagas: [saga] });
    await world.clock.until(runtime.run(saga, []));
    expect(order).toEqual([100, 200, 300]);
    for (const mine of seen) expect([100, 200, 300].slice(0, mine.length)).toEqual(mine);
  });
});

describe('a signal', () => {
  const waiting = (world: World) => {
    const saga = defineSaga('review', { id: (id: string) => id }, async (run, _id) => {
      const first = await run.receive<string>('decision');
      const second = await run.receive<string>('decision', { timeout: '1d' });
      return [first, second];
    });
    return { saga, process: () => world.process({ sagas: [saga], poll: 60_000 }) };
  };

  it('wakes the run that waits for it, and is given once', async () => {
    const world = new World();
    const { saga, process } = waiting(world);
    const one = process();
    const outcome = one.runtime.run(saga, ['x']);
    await world.clock.advance(10_000);
    expect((await world.store.load('review/x'))?.head).toMatchObject({ owner: null, wakeAt: null });
    const at = world.clock.monotonic();
    await one.runtime.signal(saga, 'x', 'decision', 'yes');
    await world.clock.advance(100);
    expect((await one.runtime.admin.show('review', 'x')).signals).toMatchObject([{ name: 'decision', value: 'yes', consumed: true }]);
    expect(world.clock.monotonic() - at).toBeLessThan(200);
    expect(await world.clock.until(outcome)).toEqual(['yes', undefined]);
    expect(world.clock.monotonic()).toBeGreaterThan(DAY);
  });

  it('E4 is kept when it comes before its wait, also from another process, and once for each key', async () => {
    const world = new World();
    const saga = defineSaga('early', { id: () => 'x' }, async (run) => {
      await run.sleep(1_000);
      return [await run.receive('a'), await run.receive('a', { timeout: 100 })];
    });
    const one = world.process({ sagas: [saga] });
    const two = world.process({ sagas: [saga] });
    const outcome = one.runtime.run(saga, []);
    await world.clock.advance(100);
    for (let i = 0; i < 3; i++) await two.runtime.signal(saga, 'x', 'a', { n: 1 }, { key: 'once' });
    expect(await world.clock.until(outcome)).toEqual([{ n: 1 }, undefined]);
  });

  it('that comes just as the run parks is not lost', async () => {
    for (const point of ['before', 'after']) {
      const world = new World();
      const first = defineStep('first', { readOnly: true }, async () => 1);
      const saga = defineSaga('race', { id: () => 'x' }, async (run) => {
        await run.step(first);
        return run.receive('go');
      });
      const options = { sagas: [saga], steps: [first] };
      let sent = false;
      const other = world.process({ ...options, worker: false });
      const one = world.process(options, (store) => ({
        async commit(change) {
          const parks = change.head?.owner === null && change.head.status === undefined;
          if (parks && !sent && point === 'before') {
            sent = true;
            await other.runtime.signal(saga, 'x', 'go', 1);
          }
          const done = await store.commit(change);
          if (parks && !sent && point === 'after') {
            sent = true;
            await other.runtime.signal(saga, 'x', 'go', 1);
          }
          return done;
        },
      }));
      expect(await world.clock.until(one.runtime.run(saga, []))).toBe(1);
      expect(sent).toBe(true);
    }
  });

  it('is given to one of two that wait for it at once', async () => {
    const world = new World();
    const saga = defineSaga('two', { id: () => 'x' }, async (run) =>
      Promise.all([run.receive('a', { timeout: 500 }), run.receive('a', { timeout: 500 })]),
    );
    const { runtime } = world.process({ sagas: [saga] });
    const outcome = runtime.run(saga, []);
    await world.clock.advance(10);
    await runtime.signal(saga, 'x', 'a', 'only');
    expect(await world.clock.until(outcome)).toEqual(['only', undefined]);
  });

  it('for a run that has ended, or that nobody started, is refused', async () => {
    const world = new World();
    const saga = defineSaga('over', { id: () => 'x' }, async () => 1);
    const { runtime } = world.process({ sagas: [saga] });
    await world.clock.until(runtime.run(saga, []));
    await expect(runtime.signal(saga, 'x', 'a')).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    await expect(runtime.signal(saga, 'y', 'a')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
  });
});
