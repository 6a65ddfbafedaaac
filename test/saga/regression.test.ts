import { defineSaga, defineStep, StoreUnavailableError } from '@redress/core';
import type { Clock, Head, RedressEvent, Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

/** The store is again as it was when it held the first `length` entries of a stream. 0: it never held the stream. */
async function rewind(store: Store, id: string, length: number, owner?: string | null): Promise<void> {
  const found = await store.load(id);
  if (!found) throw new Error(`no ${id}`);
  await store.drop(id, found.head);
  if (length === 0) return;
  const { head, entries } = found;
  const lost: Partial<Head> = owner === undefined ? {} : { owner };
  await store.commit({
    id,
    expect: 'absent',
    create: { kind: head.kind, name: head.name },
    entries: entries.slice(0, length).map(({ key, type, data }) => ({ key, type, data })),
    head: { status: head.status, meta: head.meta, owner: lost.owner === undefined ? head.owner : lost.owner, wake: { inMs: 60_000 } },
  });
}

const regressions = (events: readonly RedressEvent[]): unknown[] =>
  events.filter(({ name }) => name === 'store.regressed').map(({ details }) => details);

/** A run at its third step, which takes `ms`; the store loses a part of it meanwhile. */
function threeSteps(world: World, ms: number, slow = 'c') {
  const ran: string[] = [];
  const wait = (): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
  const make = (name: string) =>
    defineStep(name, { readOnly: true }, async () => {
      ran.push(name);
      if (name === slow) await wait();
      return name;
    });
  const steps = [make('a'), make('b'), make('c')] as const;
  const saga = defineSaga('three', { id: () => 'x' }, async (run) => {
    const all: string[] = [];
    for (const one of steps) all.push(await run.step(one));
    return all.join('');
  });
  return { ran, saga, options: { sagas: [saga], steps: [...steps], lease: 6_000 as const, poll: 100 } };
}

const KEYS = ['started', 'step:1', 'step:1/outcome', 'step:2', 'step:2/outcome', 'step:3', 'step:3/outcome', 'end'];

describe('a store that has lost what it had answered', () => {
  for (const [what, length, owner] of [
    ['its tail', 2, undefined],
    ['all of the run', 0, undefined],
    ['the claim as well', 3, null],
  ] as const) {
    it(`gets it again from the owner: ${what}`, async () => {
      const world = new World();
      const { ran, saga, options } = threeSteps(world, 500);
      const { runtime, events } = world.process(options);
      const end = runtime.run(saga, []);
      await world.clock.advance(100);
      await rewind(world.store, 'three/x', length, owner);
      expect(await world.clock.until(end)).toBe('abc');
      expect(ran).toEqual(['a', 'b', 'c']);
      expect(regressions(events)).toEqual([{ restored: true }]);
      const found = await world.store.load('three/x');
      expect(found?.entries.map(({ key }) => key)).toEqual(KEYS);
      expect(found?.head).toMatchObject({ status: 'completed', owner: null, wakeAt: null });
    });
  }

  it('gets it again with the next heart-beat, before anybody else finds the run', async () => {
    const world = new World();
    const { ran, saga, options } = threeSteps(world, 20_000);
    const { runtime, events } = world.process(options);
    const end = runtime.run(saga, []);
    await world.clock.advance(100);
    await rewind(world.store, 'three/x', 2);
    await world.clock.advance(6_000);
    expect((await world.store.load('three/x'))?.entries.map(({ key }) => key)).toEqual(KEYS.slice(0, 6));
    expect(await world.clock.until(end, 60_000)).toBe('abc');
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(regressions(events)).toEqual([{ restored: true }]);
  });

  it('gets it again though it does not answer at first', async () => {
    const world = new World();
    const { saga, options } = threeSteps(world, 500);
    let refusals = 0;
    const { runtime, events } = world.process(options, (store) => ({
      commit: (change) => {
        if (change.expect === 'absent' && change.entries.length > 2 && (refusals += 1) < 4)
          return Promise.reject(new StoreUnavailableError('away'));
        return store.commit(change);
      },
    }));
    const end = runtime.run(saga, []);
    await world.clock.advance(100);
    await rewind(world.store, 'three/x', 0);
    expect(await world.clock.until(end)).toBe('abc');
    expect(refusals).toBe(4);
    expect(regressions(events)).toEqual([{ restored: true }]);
  });

  it.each([2_050, 1_950, 1_900, 1_800])('gets it again while a commit is under way that was begun before: %i ms', async (ms) => {
    const world = new World();
    const { ran, saga, options } = threeSteps(world, ms);
    let slow = false;
    const { runtime, events } = world.process(options, (store) => ({
      async commit(change) {
        const [answer] = await Promise.allSettled([store.commit(change)]);
        if (slow) await new Promise<void>((resolve) => void world.clock.setTimer(100, resolve));
        if (answer.status === 'rejected') throw answer.reason;
        return answer.value;
      },
    }));
    const end = runtime.run(saga, []);
    await world.clock.advance(100);
    await rewind(world.store, 'three/x', 2);
    slow = true;
    expect(await world.clock.until(end, 60_000)).toBe('abc');
    expect(ran).toEqual(['a', 'b', 'c']);
    await world.clock.advance(5_000);
    expect(regressions(events)).toEqual([{ restored: true }]);
    expect(events.map(({ name }) => name)).not.toContain('run.left');
  });

  it.each([
    ['its tail', 2],
    ['all of the run', 0],
  ])('gets it again when the list of undos is read: %s', async (_what, length) => {
    const world = new World();
    const undone: string[] = [];
    const a = defineStep('a', { compensate: () => void undone.push('a'), undo: { total: true } }, async () => 'a');
    const saga = defineSaga('three', { id: () => 'x' }, async (run) => {
      await run.step(a);
      throw new Error('no way on');
    });
    let rewound = false;
    const { runtime, events } = world.process({ sagas: [saga], steps: [a] }, (store) => ({
      async load(id, page) {
        if (!page && !rewound) {
          rewound = true;
          await rewind(store, 'three/x', length);
        }
        return store.load(id, page);
      },
    }));
    const error: unknown = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect([rewound, undone, regressions(events)]).toEqual([true, ['a'], [{ restored: true }]]);
    expect(events.filter(({ name }) => name === 'run.failed' || name === 'run.left')).toEqual([]);
  });

  it('gets it again from an owner that stops', async () => {
    const world = new World();
    const { ran, saga, options } = threeSteps(world, 5_000);
    const { runtime, events } = world.process(options);
    const end = runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    await rewind(world.store, 'three/x', 2);
    await world.clock.until(runtime.stop({ drain: 10 }));
    await world.clock.until(end);
    expect(regressions(events)).toEqual([{ restored: true }]);
    const found = await world.store.load('three/x');
    expect(found?.entries.map(({ key }) => key)).toEqual(KEYS.slice(0, 6));
    expect(found?.head.owner).toBe(null);
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome(), 60_000)).toBe('abc');
    expect(ran).toEqual(['a', 'b', 'c', 'c']);
  });

  it.each([
    [1, 'a', ['a']],
    [2, 'b', ['a', 'b']],
  ] as const)(
    'of a run that somebody else has begun anew from entry %i: it is held, and goes on when a person says so',
    async (length, slow, again) => {
      const world = new World();
      const { ran, saga, options } = threeSteps(world, 5_000);
      const one = world.process({ ...options, worker: false });
      const end = one.runtime.run(saga, []);
      await world.clock.advance(100);
      await rewind(world.store, 'three/x', length, null);
      const { head } = (await world.store.load('three/x'))!;
      await world.store.commit({ id: 'three/x', expect: head, entries: [], head: { wake: { inMs: 0 } } });
      const other = threeSteps(world, 4_000, slow);
      const two = world.process(other.options);
      await world.clock.advance(20_000);
      expect([ran, other.ran]).toEqual([['a', 'b', 'c'], again]);
      expect(regressions(one.events)).toEqual([{ restored: false }]);
      const shown = await two.runtime.admin.show('three', 'x');
      expect(shown).toMatchObject({ status: 'running', held: true });
      expect(JSON.stringify(shown)).toContain('has lost what it had answered');
      await two.runtime.admin.release('three', 'x', { who: 'me', why: 'looked' });
      expect(await world.clock.until(end, 60_000)).toBe('abc');
    },
  );

  it('and has got as many other entries since is not taken for what it was', async () => {
    const world = new World();
    const { saga, options } = threeSteps(world, 2_000);
    const { runtime, events } = world.process({ ...options, worker: false });
    void runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    await rewind(world.store, 'three/x', 2);
    const operator = world.process({ worker: false }).runtime;
    for (let i = 0; i < 6; i++) await operator.signal('three', 'x', 'news', i);
    await world.clock.advance(5_000);
    expect(regressions(events)).toEqual([{ restored: false }]);
    expect(await operator.admin.show('three', 'x')).toMatchObject({ status: 'running', held: true });
  });
});

describe('an owner whose lease has ended', () => {
  /** Paused in its third step for longer than its lease; `meanwhile` happens to the run. */
  const pausedWhile = async (forMs: number, meanwhile: (world: World) => Promise<void>) => {
    const world = new World();
    const { ran, saga, options } = threeSteps(world, 500);
    const one = world.process({ ...options, worker: false });
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    one.pause();
    await world.clock.advance(forMs);
    await meanwhile(world);
    one.resume();
    await world.clock.advance(10_000);
    return { world, ran, saga, options, events: one.events };
  };

  it('does not bring a run back that has been purged', async () => {
    const { world, events } = await pausedWhile(120_000, (at) => rewind(at.store, 'three/x', 0));
    expect(await world.store.load('three/x')).toBeUndefined();
    expect(regressions(events)).toEqual([]);
  });

  it('does not bring a run back that was purged while the machine slept and its monotonic clock stood still', async () => {
    const world = new World();
    const { clock: real } = world;
    const { ran, saga, options } = threeSteps(world, 10_400);
    let slept = 0;
    const clock: Clock = {
      now: () => real.now(),
      monotonic: () => real.monotonic() - slept,
      setTimer: (ms, fn) => real.setTimer(ms, fn),
      nextTurn: (fn) => real.nextTurn(fn),
    };
    const { runtime, events } = world.process({ ...options, worker: false }, undefined, clock as typeof real);
    void runtime.run(saga, []).catch(() => {});
    await real.advance(100);
    // Its timers go on when it wakes.
    real.jump((slept = 10_000));
    await rewind(world.store, 'three/x', 0);
    await real.advance(10_000);
    expect(ran).toEqual(['a', 'b', 'c']);
    expect(await world.store.load('three/x')).toBeUndefined();
    expect(regressions(events)).toEqual([]);
  });

  it('leaves another run alone that has got its id', async () => {
    const { world, ran, events } = await pausedWhile(120_000, async (at) => {
      await rewind(at.store, 'three/x', 0);
      const { saga, options } = threeSteps(at, 60_000);
      void at
        .process({ ...options, worker: false })
        .runtime.run(saga, [])
        .catch(() => {});
      await at.clock.advance(100);
    });
    expect((await world.store.load('three/x'))?.head).toMatchObject({ status: 'running', length: 6 });
    expect((await world.process({ worker: false }).runtime.admin.show('three', 'x')).held).toBeFalsy();
    expect([ran, regressions(events)]).toEqual([['a', 'b', 'c'], []]);
  });

  it('gives it in parts that nobody takes for the whole', async () => {
    const world = new World();
    const steps = Array.from({ length: 500 }, (_, i) => defineStep(`s${i}`, { readOnly: true }, async () => i));
    const slow = defineStep('slow', { readOnly: true }, () => new Promise<void>((resolve) => void world.clock.setTimer(500, resolve)));
    const saga = defineSaga('three', { id: () => 'x' }, async (run) => {
      await Promise.all(steps.map((one) => run.step(one)));
      await run.step(slow);
    });
    const one = world.process({ sagas: [saga], steps: [...steps, slow], lease: 6_000, worker: false });
    void one.runtime.run(saga, []).catch(() => {});
    while ((await world.store.load('three/x'))?.head.length !== 1_002) await world.clock.advance(10);
    one.pause();
    await world.clock.advance(10_000);
    await rewind(world.store, 'three/x', 2, null);
    one.commits.length = 0;
    one.resume();
    await world.clock.advance(10_000);
    const parts = one.commits.filter(({ entries }) => entries.length > 50);
    expect(parts.map(({ entries, head }) => [entries.length, head?.owner === null, head?.wake])).toEqual([
      [900, false, { inMs: 6_000 }],
      [100, true, { inMs: 0 }],
    ]);
    expect(regressions(one.events)).toEqual([{ restored: true }]);
  });

  it.each([
    ['its tail, however long ago', 120_000, 2],
    ['all of a run that it held a while ago, for it cannot have been purged since', 20_000, 0],
  ] as const)('gives the store what it has lost, for others to go on from there: %s', async (_what, forMs, length) => {
    const { world, ran, saga, options, events } = await pausedWhile(forMs, (at) => rewind(at.store, 'three/x', length, null));
    expect(regressions(events)).toEqual([{ restored: true }]);
    const found = await world.store.load('three/x');
    expect(found?.entries.map(({ key }) => key)).toEqual(KEYS.slice(0, 6));
    expect(found?.head).toMatchObject({ owner: null, status: 'running' });
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome(), 60_000)).toBe('abc');
    expect(ran).toEqual(['a', 'b', 'c', 'c']);
  });
});
