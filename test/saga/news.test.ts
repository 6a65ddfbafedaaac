import { defineSaga, defineStep } from '@redress/core';
import type { Clock } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const code = (error: { code: string }): string => error.code;

describe('a look for news', () => {
  it('that finds what its own run is just writing does not lose it', async () => {
    const world = new World();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const a = defineStep('a', { readOnly: true }, () => wait(1_000));
    const b = defineStep('b', { readOnly: true }, () => wait(1_000));
    const saga = defineSaga('shop', { id: () => 'x', deadline: 1_190 }, async (run) => {
      await run.step(a);
      await run.step(b);
    });
    // The look begins when the deadline is over, before the second commit is sent, and is answered between its effect and its answer.
    const { runtime, events } = world.process({ sagas: [saga], steps: [a, b], poll: 50 }, (store) => ({
      async load(id, page) {
        await wait(100);
        return store.load(id, page);
      },
      async commit(change) {
        const done = await store.commit(change);
        await wait(200);
        return done;
      },
    }));
    expect(await world.clock.until(runtime.run(saga, []).catch(code), 60_000)).toBe('SAGA_COMPENSATED');
    expect(events.map(({ name }) => name)).not.toContain('run.left');
  });

  it('is not taken before there is anything to look at: a deadline may be over before the first commit', async () => {
    const world = new World();
    const { clock } = world;
    const saga = defineSaga('shop', { id: () => 'x', deadline: 1 }, async () => 'done');
    // A busy process: its timers come before its turns.
    const busy: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (ms, fn) => clock.setTimer(ms, fn),
      nextTurn: (fn) => void clock.setTimer(2, fn),
    };
    const { runtime } = world.process({ sagas: [saga], steps: [], poll: 50 }, undefined, busy as typeof clock);
    expect(await clock.until(runtime.run(saga, []).catch(code), 60_000)).toBe('SAGA_COMPENSATED');
  });
});

describe('a deadline that is over when it is looked at first', () => {
  it('takes the run back all the same, while a step runs', async () => {
    const world = new World();
    const a = defineStep('a', { readOnly: true }, () => new Promise<void>((resolve) => void world.clock.setTimer(60_000, resolve)));
    const saga = defineSaga('late', { id: () => 'x', deadline: 0 }, async (run) => run.step(a));
    const { runtime } = world.process({ sagas: [saga], steps: [a] });
    expect(await world.clock.until(runtime.run(saga, []).catch(code))).toBe('SAGA_COMPENSATED');
    expect(world.clock.monotonic()).toBeLessThan(10_000);
  });
});

describe('a run that was blocked', () => {
  it('is not when a process could go on with it and parks it, although it had nothing to write', async () => {
    const world = new World();
    const step = (name: string) => defineStep(name, { readOnly: true }, async () => {});
    const [a, c] = [step('a'), step('c')];
    const saga = (first: typeof a) =>
      defineSaga('shop', { id: () => 'x' }, async (run) => {
        await run.step(first);
        return run.receive('go');
      });
    const begin = (first: typeof a) => {
      const mine = saga(first);
      return { mine, ...world.process({ sagas: [mine], steps: [a, c], poll: 500 }) };
    };
    const one = begin(a);
    await one.runtime.start(one.mine, []);
    await world.clock.advance(1_000);
    one.kill();
    const two = begin(c);
    await two.runtime.signal('shop', 'x', 'other');
    await world.clock.advance(10_000);
    expect((await two.runtime.admin.list({ blocked: true })).runs).toHaveLength(1);
    two.kill();
    const three = begin(a);
    await world.clock.advance(60_000);
    expect(three.events.map(({ name }) => name)).toContain('run.parked');
    expect((await three.runtime.admin.list({ blocked: true })).runs).toEqual([]);
  });
});
