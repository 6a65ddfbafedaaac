import { currentScope, defineSaga, defineStep, retry, systemClock } from '@redress/core';
import type { Interceptor, RunContext, Timer, UndoOf } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'a test' };
const codeOf = (error: { code?: string; cause?: { code?: string } }): string => `${error.code}: ${error.cause?.code}`;
const later = (world: World, ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));

/** A step with an undo, then what `body` waits for. */
function waiting(body: (run: RunContext) => Promise<unknown>) {
  const world = new World();
  const log: string[] = [];
  const pay = defineStep('pay', { compensate: () => void log.push('undo pay') }, async () => void log.push('pay'));
  const saga = defineSaga('waits', { id: () => 'x' }, async (run) => {
    await run.step(pay);
    const got = await body(run);
    log.push('went on');
    return got;
  });
  const options = { sagas: [saga], steps: [pay], poll: 1_000 };
  const process = world.process(options);
  const head = async () => (await world.store.load('waits/x'))?.head;
  return { world, log, saga, options, process, head };
}

describe('G8 time that is up', () => {
  it('undoes a run that is parked: it does not stay parked', async () => {
    const { world, log, saga, process, head } = waiting((run) => run.receive('never'));
    const end = process.runtime.run(saga, [], { deadline: '1h' }).catch(codeOf);
    await world.clock.advance(600_000);
    expect(await head()).toMatchObject({ status: 'running', owner: null });
    expect(await world.clock.until(end)).toBe('SAGA_COMPENSATED: SAGA_DEADLINE');
    expect(world.clock.monotonic()).toBeLessThan(3_610_000);
    expect(log).toEqual(['pay', 'undo pay']);
    expect(await head()).toMatchObject({ status: 'compensated', owner: null, wakeAt: null });
  });

  it('undoes a run whose step hangs: its body is not waited for beyond the grace', async () => {
    const { world, log, saga, process } = waiting(() => new Promise(() => {}));
    const end = process.runtime.run(saga, [], { deadline: '1m' }).catch(codeOf);
    expect(await world.clock.until(end)).toBe('SAGA_COMPENSATED: SAGA_DEADLINE');
    expect(world.clock.monotonic()).toBeLessThan(70_000);
    expect(log).toEqual(['pay', 'undo pay']);
  });

  it('of a wait is given to the body, whose failure undoes the run', async () => {
    const { world, log, saga, process, head } = waiting(async (run) => {
      if ((await run.receive('answer', { timeout: '10m' })) === undefined) throw Object.assign(new Error('nobody'), { code: 'NOBODY' });
    });
    expect(await world.clock.until(process.runtime.run(saga, []).catch(codeOf))).toBe('SAGA_COMPENSATED: NOBODY');
    expect(log).toEqual(['pay', 'undo pay']);
    expect(await head()).toMatchObject({ status: 'compensated', wakeAt: null });
  });
});

describe('the time limit of an attempt', () => {
  // No policy limits a forward attempt yet: a step's body bounds what it calls by itself, as with AbortSignal.timeout.
  it('G9 aborts the signal of what the step has called; the outcome is unknown, never refused', async () => {
    const world = new World();
    const signals: AbortSignal[] = [];
    const undos: UndoOf<[], string>[] = [];
    const fetched = (signal: AbortSignal): Promise<string> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const pay = defineStep('pay', { compensate: (undo: UndoOf<[], string>) => void undos.push(undo), undo: { total: true } }, async () => {
      const limit = new AbortController();
      world.clock.setTimer(3_000, () => limit.abort(new DOMException('it took too long', 'TimeoutError')));
      const signal = AbortSignal.any([limit.signal, currentScope()?.step?.signal ?? limit.signal]);
      signals.push(signal);
      return fetched(signal);
    });
    const saga = defineSaga('bounded', { id: () => 'x' }, async (run) => run.step(pay));
    const { runtime } = world.process({ sagas: [saga], steps: [pay] });
    const error = await world.clock.until(runtime.run(saga, []).catch((e: unknown) => e));
    expect(error).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { name: 'TimeoutError' } });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(world.clock.monotonic()).toBeLessThan(5_000);
    expect((await runtime.admin.show('bounded', 'x')).steps).toMatchObject([{ outcome: 'unknown', error: { name: 'TimeoutError' } }]);
    expect(undos).toMatchObject([{ outcome: 'unknown' }]);
  });

  it.each(['late success', 'late failure'])('D6 that the body ignores: its %s is dropped, and the attempt is unknown', async (late) => {
    const world = new World();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    let bodies = 0;
    const undos: string[] = [];
    /** Gives up waiting for the body, which goes on. */
    const limit: Interceptor = async (_call, next) => {
      const timeUp = later(world, 1_000).then(() => Promise.reject(Object.assign(new Error('time is up'), { code: 'ETIMEDOUT' })));
      return Promise.race([next(), timeUp]);
    };
    const pay = defineStep(
      'pay',
      { policies: [limit], compensate: ({ outcome }) => void undos.push(outcome), undo: { total: true } },
      async () => {
        await later(world, 60_000);
        bodies += 1;
        if (late === 'late failure') throw new Error('too late');
        return 'late';
      },
    );
    const saga = defineSaga('ignores', { id: () => 'x' }, async (run) => run.step(pay));
    const { runtime } = world.process({ sagas: [saga], steps: [pay] });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    const before = await world.store.load('ignores/x');
    await world.clock.advance(120_000);
    process.off('unhandledRejection', onUnhandled);
    expect(await world.store.load('ignores/x')).toEqual(before);
    expect((await runtime.admin.show('ignores', 'x')).steps).toMatchObject([{ outcome: 'unknown', error: { message: 'time is up' } }]);
    expect({ bodies, undos, unhandled }).toEqual({ bodies: 1, undos: ['unknown'], unhandled: [] });
  });

  it.each(['late success', 'late failure'])('D6 a body that ignores a cancel: its %s after the grace is dropped', async (late) => {
    const world = new World();
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    const undos: string[] = [];
    const pay = defineStep(
      'pay',
      { policies: [retry(3)], compensate: ({ outcome }) => void undos.push(outcome), undo: { total: true } },
      async () => {
        await later(world, 60_000);
        if (late === 'late failure') throw new Error('too late');
        return 'late';
      },
    );
    const saga = defineSaga('ignores', { id: () => 'x' }, async (run) => run.step(pay));
    const { runtime } = world.process({ sagas: [saga], steps: [pay] });
    const end = runtime.run(saga, []).catch(codeOf);
    await world.clock.advance(100);
    await runtime.admin.cancel('ignores', 'x', audit);
    expect(await world.clock.until(end)).toBe('SAGA_COMPENSATED: SAGA_CANCELLED');
    const before = await world.store.load('ignores/x');
    await world.clock.advance(120_000);
    process.off('unhandledRejection', onUnhandled);
    expect(await world.store.load('ignores/x')).toEqual(before);
    expect({ undos, unhandled }).toEqual({ undos: ['unknown'], unhandled: [] });
  });
});

describe('a timer', () => {
  it('G11 of a run that has ended is dropped: nothing is claimed, written or told', async () => {
    const { world, log, saga, options, process } = waiting(async (run) => {
      // Two timers that nobody will need: a durable one, and the deadline.
      await Promise.race([run.sleep('1h'), run.receive('go')]);
    });
    const other = world.process(options);
    const end = process.runtime.run(saga, [], { deadline: '2h' }).catch(codeOf);
    await world.clock.advance(10_000);
    await process.runtime.admin.cancel('waits', 'x', audit);
    expect(await world.clock.until(end)).toBe('SAGA_COMPENSATED: SAGA_CANCELLED');
    const before = await world.store.load('waits/x');
    const told = [process.events.length, other.events.length];
    await world.clock.advance(10 * 3_600_000);
    expect(await world.store.load('waits/x')).toEqual(before);
    expect([process.events.length, other.events.length]).toEqual(told);
    expect(log).toEqual(['pay', 'undo pay']);
  });

  it('G11 of a run that was purged is dropped as well', async () => {
    const { world, saga, process } = waiting((run) => run.sleep('1s'));
    await world.clock.until(process.runtime.run(saga, [], { deadline: '1h' }));
    expect(await process.runtime.admin.purge({ endedBefore: 0 })).toBe(1);
    const told = process.events.length;
    await world.clock.advance(10 * 3_600_000);
    expect(process.events.length).toBe(told);
  });

  it('G14 that is gone makes its late answer harmless: it is kept once, and the run goes its way', async () => {
    const { world, log, saga, process, head } = waiting(async (run) => {
      const answer = await run.receive('answer', { timeout: '1m' });
      await run.sleep('1h');
      return answer ?? 'nobody answered';
    });
    const end = process.runtime.run(saga, []);
    await world.clock.advance(120_000);
    const before = await head();
    for (let i = 0; i < 3; i++) await process.runtime.signal(saga, 'x', 'answer', 'too late', { key: 'form-1' });
    await world.clock.advance(60_000);
    const after = await head();
    expect((after?.length ?? 0) - (before?.length ?? 0)).toBe(1);
    expect(after).toMatchObject({ status: 'running', owner: null });
    expect(await world.clock.until(end)).toBe('nobody answered');
    expect(log).toEqual(['pay', 'went on']);
    // The same signal once more is no news either, although the run has ended; another one is refused, once.
    await process.runtime.signal(saga, 'x', 'answer', 'too late', { key: 'form-1' });
    await expect(process.runtime.signal(saga, 'x', 'answer', 'later', { key: 'form-2' })).rejects.toMatchObject({
      code: 'SAGA_VERB_REFUSED',
    });
  });

  it('G14 that has fired can be cancelled, again and again', async () => {
    const world = new World();
    const fired: string[] = [];
    const virtual = world.clock.setTimer(1, () => fired.push('virtual'));
    await world.clock.advance(10);
    const real = await new Promise<Timer>((resolve) => {
      const timer: Timer = systemClock.setTimer(1, () => {
        fired.push('real');
        resolve(timer);
      });
    });
    for (const timer of [virtual, real, virtual, real]) expect(() => timer.cancel()).not.toThrow();
    await world.clock.advance(10);
    expect(fired).toEqual(['virtual', 'real']);
  });
});
