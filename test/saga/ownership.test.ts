import { currentScope, defineSaga, defineStep, StoreUnavailableError } from '@redress/core';
import type { Head } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '@redress/testkit';
import { World } from './support.js';

/** A saga whose second step takes `ms` of virtual time, and answers which call of it that was. */
function slow(world: World, ms: number, clock = world.clock) {
  const log: string[] = [];
  const signals: AbortSignal[] = [];
  const first = defineStep('first', { readOnly: true }, async () => {
    log.push('first');
    return 1;
  });
  const second = defineStep('second', { readOnly: true }, async () => {
    log.push('second');
    const call = log.filter((one) => one === 'second').length;
    const signal = currentScope()?.step?.signal;
    if (signal) signals.push(signal);
    await new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
    return call;
  });
  const saga = defineSaga('slow', { id: () => 'x' }, async (run) => {
    await run.step(first);
    return run.step(second);
  });
  return { saga, log, signals, options: { sagas: [saga], steps: [first, second], lease: 1_000 as const } };
}

describe('a lease', () => {
  it('is kept by heart-beats while a step takes longer than it: nobody else claims the run', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 20_000);
    const one = world.process(options);
    world.process(options);
    expect(await world.clock.until(one.runtime.run(saga, []))).toBe(1);
    expect(log).toEqual(['first', 'second']);
  });

  it('of a run with a deadline that is started twice at once is kept as well', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 5_000);
    const { runtime } = world.process(options);
    world.process(options);
    const both = Promise.all([1, 2].map(() => runtime.run(saga, [], { deadline: '1h' })));
    expect(await world.clock.until(both)).toEqual([1, 1]);
    expect(log).toEqual(['first', 'second']);
  });

  it('that ends with its process passes to another, which answers recorded steps from the journal', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 300);
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(100);
    one.kill();
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toBe(2);
    expect(log).toEqual(['first', 'second', 'second']);
    expect(two.events.filter(({ name }) => name === 'step.replayed').map(({ step }) => step)).toEqual(['first']);
  });

  it('B8 that cannot be renewed aborts the step before it ends', async () => {
    const world = new World();
    const { saga, signals, options } = slow(world, 60_000);
    const one = world.process(options, () => ({ renew: () => Promise.reject(new StoreUnavailableError('down')) }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(50);
    expect(signals[0]?.aborted).toBe(false);
    await world.clock.advance(940);
    expect(signals[0]?.aborted).toBe(true);
  });

  it('whose renewal hangs aborts the step all the same', async () => {
    const world = new World();
    const { saga, signals, options } = slow(world, 60_000);
    const one = world.process(options, () => ({ renew: () => new Promise(() => {}) }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(990);
    expect(signals[0]?.aborted).toBe(true);
  });
});

describe('a process that was paused beyond its lease', () => {
  it('writes nothing after it goes on, and its caller gets the outcome of the winner', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 500);
    const one = world.process({ ...options, worker: false });
    const caller = one.runtime.run(saga, []);
    await world.clock.advance(100);
    one.pause();
    const two = world.process(options);
    await world.clock.advance(5_000);
    const before = await world.store.load('slow/x');
    expect(before?.head.status).toBe('completed');
    one.resume();
    expect(await world.clock.until(caller)).toBe(2);
    expect(await world.store.load('slow/x')).toEqual(before);
    expect(log).toEqual(['first', 'second', 'second']);
    void two;
  });

  it('does not start a step whose intent became durable too late', async () => {
    const world = new World();
    const ran: number[] = [];
    const step = defineStep('s', { readOnly: true }, async () => void ran.push(1));
    const saga = defineSaga('late', { id: () => 'x' }, async (run) => run.step(step));
    // The answer of the commit takes longer than the lease.
    const one = world.process({ sagas: [saga], steps: [step], lease: 1_000, worker: false }, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        await new Promise<void>((resolve) => void world.clock.setTimer(1_500, resolve));
        return done;
      },
    }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(3_000);
    expect(ran).toEqual([]);
  });
});

describe('a process whose own clock stood still, so that it does not know that its lease is over', () => {
  it('is refused by the store, although the winner has written nothing yet', async () => {
    const world = new World();
    const still = new VirtualClock();
    const loser = slow(world, 500, still);
    const one = world.process({ ...loser.options, lease: 60_000, worker: false }, undefined, still);
    const caller = one.runtime.run(loser.saga, []);
    await still.advance(100);
    const winner = slow(world, 5_000);
    const two = world.process(winner.options);
    await world.clock.advance(61_000);
    expect(winner.log).toEqual(['second']);
    const before = await world.store.load('slow/x');
    await still.advance(600);
    expect(await world.store.load('slow/x')).toEqual(before);
    expect(await world.clock.until(two.runtime.handle(winner.saga, 'x').outcome())).toBe(1);
    expect(await still.until(caller)).toBe(1);
    const outcomes = (await world.store.load('slow/x'))?.entries.filter(({ key }) => key.endsWith('/outcome'));
    expect(outcomes).toHaveLength(2);
  });

  it('and claims its own run again, ends the old pass before the new one begins', async () => {
    const world = new World();
    world.deaf = true;
    const own = new VirtualClock();
    const { saga, log, options } = slow(world, 2_000, own);
    const one = world.process({ ...options, lease: 60_000, poll: 100 }, undefined, own);
    const caller = one.runtime.run(saga, []);
    await own.advance(1_000);
    // The store's clock jumps: for it the lease is over.
    await world.clock.advance(100_000);
    await own.advance(200);
    expect(log).toEqual(['first', 'second', 'second']);
    expect(await own.until(caller)).toBe(2);
  });
});

describe('a runtime that stops', () => {
  it('B12 lets running steps end, starts none, and hands the run back so that others go on at once', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 500);
    const one = world.process(options);
    const caller = one.runtime.run(saga, []).catch((e: unknown) => e);
    await world.clock.advance(100);
    const stopped = one.runtime.stop();
    await world.clock.until(stopped);
    expect(log).toEqual(['first', 'second']);
    expect(await world.clock.until(caller)).toBe(1);
  });

  it('hands back after the drain what does not end, without an outcome', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 60_000);
    const one = world.process(options);
    const caller = one.runtime.run(saga, []).catch((e: unknown) => e);
    await world.clock.advance(100);
    await world.clock.until(one.runtime.stop({ drain: '1s' }));
    expect(await world.clock.until(caller)).toMatchObject({ code: 'SAGA_STILL_RUNNING' });
    expect((await world.store.load('slow/x'))?.head.status).toBe('running');
    const at = world.clock.monotonic();
    const two = world.process({ ...options, poll: 20 });
    await world.clock.advance(50);
    expect(log).toEqual(['first', 'second', 'second']);
    expect(world.clock.monotonic() - at).toBeLessThan(1_000);
    expect(two.events.map(({ name }) => name)).toContain('run.claimed');
  });

  it('does not start the next step, and flushes the outcome of the last one', async () => {
    const world = new World();
    const log: string[] = [];
    const a = defineStep('a', { readOnly: true }, async () => {
      await new Promise<void>((resolve) => void world.clock.setTimer(100, resolve));
      log.push('a');
    });
    const b = defineStep('b', { readOnly: true }, async () => void log.push('b'));
    const saga = defineSaga('two', { id: () => 'x' }, async (run) => {
      await run.step(a);
      await run.step(b);
    });
    const options = { sagas: [saga], steps: [a, b] };
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(50);
    await world.clock.until(one.runtime.stop());
    expect(log).toEqual(['a']);
    const types = (await world.store.load('two/x'))?.entries.map(({ type }) => type);
    expect(types).toEqual(['saga.started', 'step.started', 'step.completed']);
    const two = world.process(options);
    await world.clock.until(two.runtime.handle(saga, 'x').outcome());
    expect(log).toEqual(['a', 'b']);
  });
});

describe('a process that claims its own run again', () => {
  it('lets an undo that is under way end before it begins that undo anew, but not for longer than its time-out', async () => {
    for (const hangs of [false, true]) {
      const world = new World();
      let [under, most, calls] = [0, 0, 0];
      const compensate = async (): Promise<void> => {
        most = Math.max(most, (under += 1));
        calls += 1;
        await new Promise<void>((resolve) => void (hangs && calls === 1 ? undefined : world.clock.setTimer(400, resolve)));
        under -= 1;
      };
      const a = defineStep('a', { compensate, undo: { total: true, timeout: 700 } }, async () => {});
      const saga = defineSaga('back', { id: () => 'x' }, async (run) => {
        await run.step(a);
        throw new Error('back');
      });
      const { runtime } = world.process({ sagas: [saga], steps: [a], poll: 20 });
      const end = runtime.run(saga, []).catch((error: { code: string }) => error.code);
      await world.clock.advance(100);
      expect(calls).toBe(1);
      // As after a jump of the store's clock: the lease is over, and this process does not know it.
      const head = (await world.store.load('back/x'))?.head as Head;
      await world.store.commit({ id: 'back/x', expect: head, entries: [], head: { owner: null, wake: { inMs: 0 } } });
      await world.clock.advance(200);
      expect(calls).toBe(1);
      expect(await world.clock.until(end)).toBe('SAGA_COMPENSATED');
      expect(calls).toBe(2);
      expect(most).toBe(hangs ? 2 : 1);
    }
  });

  it('ends the old pass before the new one begins', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 3_000);
    let renewals = true;
    const one = world.process({ ...options, poll: 100 }, (store) => ({
      renew: (owner, ids, leaseMs) => (renewals ? store.renew(owner, ids, leaseMs) : Promise.reject(new StoreUnavailableError('down'))),
    }));
    const caller = one.runtime.run(saga, []);
    await world.clock.advance(100);
    renewals = false;
    await world.clock.advance(1_500);
    renewals = true;
    expect(await world.clock.until(caller)).toBe(2);
    expect(log).toEqual(['first', 'second', 'second']);
    const outcomes = (await world.store.load('slow/x'))?.entries.filter(({ key }) => key.endsWith('/outcome'));
    expect(outcomes).toHaveLength(2);
  });
});

describe('a worker', () => {
  it('B11 H4 claims only what it knows and can resolve, and what is registered later from then on', async () => {
    const world = new World();
    const { saga, log, options } = slow(world, 300);
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(100);
    one.kill();
    const unresolvable = {
      ...saga,
      check: () => {
        throw new Error('no database here');
      },
    };
    const stranger = world.process({ lease: 1_000 });
    const helpless = world.process({ ...options, sagas: [unresolvable] });
    await world.clock.advance(10_000);
    expect((await world.store.load('slow/x'))?.head.claims).toBe(0);
    expect(helpless.events.find(({ name }) => name === 'saga.unresolvable')).toMatchObject({
      saga: 'slow',
      error: { message: 'no database here' },
    });
    expect(log).toEqual(['first', 'second']);
    stranger.runtime.register({ sagas: [saga], steps: options.steps });
    expect(await world.clock.until(stranger.runtime.handle(saga, 'x').outcome())).toBe(2);
  });

  it('H5 leaves an undo that it does not know to a process that does', async () => {
    const world = new World();
    const undone: string[] = [];
    let killed = false;
    const pay = defineStep('pay', { compensate: () => void undone.push('pay'), undo: { total: true } }, async () => 1);
    const saga = defineSaga('pays', { id: () => 'x' }, async (run) => {
      await run.step(pay);
      throw new Error('back');
    });
    const one = world.process({ sagas: [saga], steps: [pay], lease: 1_000 }, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (change.head?.status === 'compensating') {
          killed = true;
          return new Promise(() => {});
        }
        return done;
      },
    }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    expect(killed).toBe(true);
    one.kill();
    const without = world.process({ sagas: [saga], lease: 1_000 });
    await world.clock.advance(3_000);
    expect(without.events.map(({ name }) => name)).toContain('undo.missing');
    expect(undone).toEqual([]);
    const two = world.process({ sagas: [saga], steps: [pay], lease: 1_000 });
    await expect(world.clock.until(two.runtime.handle(saga, 'x').outcome())).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(undone).toEqual(['pay']);
  });

  it('H3 finishes fifty runs in mixed phases after all processes died at once', async () => {
    const world = new World();
    const undone: number[] = [];
    const pay = defineStep('pay', { compensate: (undo) => void undone.push(undo.args[0]), undo: { total: true } }, async (n: number) => n);
    const wait = defineStep(
      'wait',
      { readOnly: true },
      async (ms: number) => new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve)),
    );
    const saga = defineSaga('mixed', { id: (n: number) => `run-${n}` }, async (run, n) => {
      await run.step(wait, n * 10);
      await run.step(pay, n);
      await run.step(wait, 500);
      if (n % 2 === 0) throw new Error('back');
    });
    const options = { sagas: [saga], steps: [pay, wait], lease: 1_000 as const };
    const dead = [world.process(options), world.process(options)];
    for (let n = 0; n < 50; n++) void dead[n % 2]?.runtime.run(saga, [n]).catch(() => {});
    await world.clock.advance(300);
    for (const one of dead) one.kill();
    const two = world.process(options);
    for (let n = 0; n < 50; n++) {
      const end = two.runtime.handle(saga, `run-${n}`).outcome();
      const code = await world.clock.until(
        end.then(
          () => 'ended well',
          (error: Error & { code: string }) => error.code,
        ),
      );
      expect(code).toBe(n % 2 === 0 ? 'SAGA_COMPENSATED' : 'ended well');
    }
    expect(new Set(undone)).toEqual(new Set(Array.from({ length: 25 }, (_, i) => i * 2)));
  });
});
