import { defineSaga, defineStep } from '@redress/core';
import type { Loaded, Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import type { Process } from './support.js';
import { World } from './support.js';

const audit = { who: 'ann', why: 'a test' };
const codeOf = (error: { code?: string }): string | undefined => error.code;
const later = (world: World, ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));

/** Two steps with undos; each takes `ms`. */
function pair(ms: number, fail = false) {
  const world = new World();
  const log: string[] = [];
  const step = (name: string) =>
    defineStep(name, { compensate: () => void log.push(`undo ${name}`), undo: { total: true } }, async () => {
      log.push(name);
      await later(world, ms);
      return name;
    });
  const [a, b] = [step('a'), step('b')];
  const saga = defineSaga('pair', { id: () => 'x' }, async (run) => {
    await run.step(a);
    const end = await run.step(b);
    if (fail) throw new Error('back');
    return end;
  });
  const options = { sagas: [saga], steps: [a, b], lease: 1_000 as const, poll: 50 };
  const end = ({ runtime }: Process): Promise<unknown> => world.clock.until(runtime.handle(saga, 'x').outcome().catch(codeOf));
  const types = async (): Promise<string[]> => (await world.store.load('pair/x'))?.entries.map(({ type }) => type) ?? [];
  return { world, log, saga, options, end, types };
}

/** A look for due runs, as a worker makes it. */
const sweep = (store: Store, owner: string): Promise<readonly { readonly id: string }[]> =>
  store.claim({ owner, kinds: ['saga'], names: ['pair'], leaseMs: 1_000, limit: 10 });

describe('a run whose process died', () => {
  it('B4 is not touched by a second, late sweep after another process has claimed it', async () => {
    const { world, log, saga, options, end } = pair(400);
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    one.kill();
    // A monitor whose question is under way when the lease ends, and reaches the store when the run has an owner again.
    const monitor = world.process({ ...options, worker: false });
    monitor.pause();
    const late = sweep(monitor.store, 'monitor');
    await world.clock.advance(1_200);
    const two = world.process(options);
    await world.clock.advance(100);
    const before = await world.store.load('pair/x', { limit: 0 });
    expect(before?.head).toMatchObject({ status: 'running', owner: expect.any(String) });
    expect(two.events.filter(({ name }) => name === 'run.claimed')).toHaveLength(1);
    monitor.resume();
    expect(await late).toEqual([]);
    expect(await world.store.load('pair/x', { limit: 0 })).toEqual(before);
    expect(await end(two)).toBe('b');
    expect(log).toEqual(['a', 'a', 'b']);
  });

  it('B5 is admitted once for each sweep that finds it, and its result is recorded once', async () => {
    const { world, log, saga, options, end, types } = pair(400);
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    // While it runs, no sweep is given it.
    expect(await Promise.all([sweep(world.store, 'm1'), sweep(world.store, 'm2')])).toEqual([[], []]);
    one.kill();
    await world.clock.advance(1_200);
    const others = [world.process(options), world.process(options), world.process(options)];
    for (const other of others) other.runtime.startWorker();
    await world.clock.advance(100);
    const claims = others.flatMap(({ events }) => events.filter(({ name }) => name === 'run.claimed'));
    expect(claims).toHaveLength(1);
    expect(await Promise.all(others.map(end))).toEqual(['b', 'b', 'b']);
    expect(log).toEqual(['a', 'a', 'b']);
    expect((await types()).filter((type) => type === 'saga.completed')).toHaveLength(1);
  });

  it('C5 in the middle of going back is finished by the next: each undo and each end stands once in the journal', async () => {
    for (const [point, effects] of [
      // The undo's record was durable, or it was not: then the undo itself is asked for again.
      ['after', ['undo b', 'undo a']],
      ['before', ['undo b', 'undo b', 'undo a']],
    ] as const) {
      const { world, log, saga, options, end, types } = pair(0, true);
      const one: Process = world.process(options, (store) => ({
        async commit(change) {
          const isUndo = change.entries.some(({ key }) => key === 'undo:2');
          const done = isUndo && point === 'before' ? undefined : await store.commit(change);
          if (!isUndo && done) return done;
          one.kill();
          return new Promise(() => {});
        },
      }));
      void one.runtime.run(saga, []).catch(() => {});
      await world.clock.advance(500);
      expect(log).toEqual(['a', 'b', 'undo b']);
      expect(await end(world.process(options))).toBe('SAGA_COMPENSATED');
      expect(log.slice(2)).toEqual(effects);
      const undone = (await types()).filter((type) => type.startsWith('undo') || type === 'saga.compensated');
      expect(undone).toEqual(['undo.frozen', 'undo.completed', 'undo.completed', 'saga.compensated']);
    }
  });
});

describe('H16 a verb of an operator while an attempt is in flight', () => {
  it.each(['cancel', 'hold'] as const)('%s: is taken in under the next version, and nothing is done twice', async (verb) => {
    const { world, log, saga, options, end, types } = pair(400);
    const process = world.process(options);
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    const before = (await world.store.load('pair/x', { limit: 0 }))?.head.version ?? 0;
    await process.runtime.admin[verb]('pair', 'x', audit);
    expect((await world.store.load('pair/x', { limit: 0 }))?.head.version).toBe(before + 1);
    await world.clock.advance(2_000);
    if (verb === 'hold') await process.runtime.admin.release('pair', 'x', audit);
    expect(await end(process)).toBe(verb === 'hold' ? 'b' : 'SAGA_COMPENSATED');
    expect(log).toEqual(verb === 'hold' ? ['a', 'b'] : ['a', 'undo a']);
    expect((await types()).filter((type) => type === 'step.completed')).toHaveLength(verb === 'hold' ? 2 : 1);
  });

  it('whose outcome and the verb reach the store at once: one is written on top of the other', async () => {
    for (let offset = 0; offset < 12; offset++) {
      const { world, log, saga, options, end, types } = pair(10);
      const process = world.process(options);
      void process.runtime.run(saga, []).catch(() => {});
      await world.clock.advance(offset);
      const told = await process.runtime.admin.cancel('pair', 'x', audit).then(() => 'cancelled', codeOf);
      const ending = await end(process);
      const effects = log.filter((one) => !one.startsWith('undo'));
      expect(new Set(effects).size).toBe(effects.length);
      const undone = ending === 'SAGA_COMPENSATED' ? [...effects].reverse().map((one) => `undo ${one}`) : [];
      expect(log).toEqual([...effects, ...undone]);
      expect([ending, told]).not.toEqual(['b', 'cancelled']);
      expect((await types()).filter((type) => type === 'cancel.requested').length).toBe(told === 'cancelled' ? 1 : 0);
    }
  });

  it('that undoes: two people say different things, one of them is heard and the other is told', async () => {
    const world = new World();
    let undos = 0;
    const pay = defineStep(
      'pay',
      {
        compensate: async () => {
          undos += 1;
          if (undos === 1) throw new Error('closed');
          await later(world, 1_000);
        },
        undo: { total: true, maxRetries: 0 },
      },
      async () => 1,
    );
    const saga = defineSaga('sticks', { id: () => 'x' }, async (run) => {
      await run.step(pay);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [pay], poll: 50 });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    const { admin } = runtime;
    const say = (verb: Promise<void>): Promise<unknown> => verb.then(() => 'heard', codeOf);
    const both = await Promise.all([
      say(admin.retry('sticks', 'x', audit)),
      say(admin.markCompensated('sticks', 'x', 'pay', { ...audit, evidence: 'a receipt' })),
    ]);
    expect(both).toEqual(['heard', 'SAGA_VERB_REFUSED']);
    await world.clock.advance(200);
    // The undo is in flight: nobody may call it done, give it up, or ask for it again.
    expect(undos).toBe(2);
    for (const verb of [admin.retry('sticks', 'x', audit), admin.waive('sticks', 'x', 'pay', audit)])
      await expect(verb).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    expect(await world.clock.until(runtime.handle(saga, 'x').outcome().catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(undos).toBe(2);
  });
});

describe('H15 what is due', () => {
  it('a claim by somebody who never drives the run only delays it by a lease', async () => {
    const { world, log, saga, options, end } = pair(400);
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    one.kill();
    await world.clock.advance(1_200);
    expect((await sweep(world.store, 'stray')).map(({ id }) => id)).toEqual(['pair/x']);
    const two = world.process(options);
    await world.clock.advance(900);
    expect(log).toEqual(['a']);
    expect(await end(two)).toBe('b');
    expect(log).toEqual(['a', 'a', 'b']);
  });

  it.each(['completed', 'compensated', 'mixed', 'stuck'])(
    'a run that is %s and is called due is put to rest, as it was',
    async (status) => {
      const world = new World();
      const log: string[] = [];
      const compensate = (): void => {
        log.push('undo pay');
        if (status === 'mixed' || status === 'stuck') throw new Error('closed');
      };
      const pay = defineStep('pay', { compensate, undo: { total: true, maxRetries: 0 } }, async () => void log.push('pay'));
      const saga = defineSaga('rests', { id: () => 'x' }, async (run) => {
        await run.step(pay);
        if (status !== 'completed') throw new Error('back');
      });
      const { runtime } = world.process({ sagas: [saga], steps: [pay], lease: 1_000, poll: 50 });
      await world.clock.until(runtime.run(saga, []).catch(() => {}));
      if (status === 'mixed') await runtime.admin.waive('rests', 'x', 'pay', audit);
      await world.clock.advance(1_000);
      const { head, entries } = (await world.store.load('rests/x')) as Loaded;
      expect(head.status).toBe(status);
      await world.store.commit({ id: 'rests/x', expect: head, entries: [], head: { wake: { inMs: 0 } } });
      const before = [...log];
      // Many leases: each of them would call it due again, and after ten claims it would be given up.
      await world.clock.advance(60_000);
      expect(await world.store.load('rests/x')).toMatchObject({ head: { status, owner: null, wakeAt: null, claims: 0 }, entries });
      expect(log).toEqual(before);
    },
  );

  it('is one with the heads, after each commit of a run: no entry is lost, and none is astray', async () => {
    const { world, saga, options, end } = pair(30, true);
    const process = world.process(options, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        const due = (await store.scan({ order: 'wake' })).heads.map(({ id }) => id);
        expect(due).toEqual(done.head.wakeAt === null ? [] : ['pair/x']);
        return done;
      },
    }));
    void process.runtime.run(saga, []).catch(() => {});
    expect(await end(process)).toBe('SAGA_COMPENSATED');
    expect(process.commits.length).toBeGreaterThan(4);
    expect((await world.store.load('pair/x'))?.head).toMatchObject({ owner: null, wakeAt: null });
    await world.clock.advance(60_000);
    expect(await sweep(world.store, 'stray')).toEqual([]);
  });
});
