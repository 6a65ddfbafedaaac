import { describe, expect, it } from 'vitest';
import { circuitBreaker } from './circuit-breaker.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { recoveryInfo } from './info.js';
import { retry } from './retry.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

describe('fallback', () => {
  it('FB-01 answers once, after all repetitions, with the arguments and the error', async () => {
    const { clock, environment, count } = world();
    const error = reset();
    const seen: unknown[] = [];
    let runs = 0;
    const guarded = guard(
      async (_a: number, _b: string): Promise<unknown> => {
        runs += 1;
        throw error;
      },
      retry(1),
      fallback((...given: unknown[]) => {
        seen.push(given);
        return { degraded: true };
      }),
      { environment },
    );
    const promise = guarded(1, 'b');
    const end = await clock.drive(promise);
    expect(end).toEqual({ status: 'fulfilled', value: { degraded: true } });
    expect([runs, seen]).toEqual([2, [[1, 'b', error]]]);
    expect(count('fallback.applied')).toBe(1);
    const known = { attempts: 2, reason: 'maxRetries', errors: [error, error], fallback: true };
    expect(recoveryInfo((end as PromiseFulfilledResult<unknown>).value)).toEqual(known);
    expect(recoveryInfo(promise)).toEqual(known);
  });

  it('tells of a degraded answer that is no object by its promise, and tells nothing of a real one', async () => {
    const { environment } = world();
    const fail = guard(async () => Promise.reject(new E('no')), fallback({ value: 0 }), { environment });
    const [degraded, real] = [fail(), guard(async () => 1, fallback({ value: 0 }), { environment })()];
    expect(await Promise.all([degraded, real])).toEqual([0, 1]);
    expect(recoveryInfo(degraded)?.fallback).toBe(true);
    expect(recoveryInfo(real)).toBeUndefined();
  });

  it('FB-02 answers for an open circuit', async () => {
    const { environment } = world();
    const guarded = guard(
      async () => Promise.reject(new E('no')),
      circuitBreaker({ requestVolumeThreshold: 1 }),
      fallback((error: unknown) => (error as Error).name),
      { environment },
    );
    expect([await guarded(), await guarded()]).toEqual(['Error', 'CircuitOpenError']);
  });

  it('FB-03 answers for the errors that it was told, and gives the others as they are', async () => {
    const { environment } = world();
    class X extends E {}
    const run = (error: Error, options: object): Promise<unknown> =>
      guard(async () => Promise.reject(error), fallback({ value: 'instead', ...options }), { environment })().catch((one: unknown) => one);
    const [e, x] = [new E('e'), new X('x')];
    expect(await run(x, { skipOn: [X] })).toBe(x);
    expect(await run(e, { skipOn: [X] })).toBe('instead');
    expect(await run(x, { applyOn: [X] })).toBe('instead');
    expect(await run(e, { applyOn: [X] })).toBe(e);
    expect(await run(x, { applyOn: [E], skipOn: [X] })).toBe(x);
  });

  it('has an answer for each kind of error', async () => {
    const { environment } = world();
    class X extends E {}
    const by = [
      { on: X, method: () => 'x' },
      { on: ['E', E], method: () => 'e' },
    ];
    const run = (error: Error): Promise<unknown> => guard(async () => Promise.reject(error), fallback({ by }), { environment })();
    expect([await run(new X('x')), await run(new E('e'))]).toEqual(['x', 'e']);
    await expect(run(new RangeError('none'))).rejects.toThrow('none');
  });

  it('FB-04 gives its own error, which has the first one for a cause if it has none', async () => {
    const { environment } = world();
    const primary = new E('primary');
    for (const [own, cause] of [
      [new Error('own'), primary],
      [new Error('own', { cause: 'other' }), 'other'],
    ] as const) {
      const guarded = guard(
        async () => Promise.reject(primary),
        fallback(() => {
          throw own;
        }),
        { environment },
      );
      await expect(guarded()).rejects.toBe(own);
      expect(own.cause).toBe(cause);
      expect(recoveryInfo(own)?.errors).toEqual([primary, own]);
    }
  });

  it('FB-05 does not answer for who has left', async () => {
    const { clock, environment } = world();
    const abort = new AbortController();
    let answers = 0;
    const guarded = guard(
      async () => Promise.reject(reset()),
      retry({ delay: 500, jitter: 'none' }),
      fallback(() => (answers += 1)),
      { environment },
    );
    const outcome = watch(clock, guarded.with(abort)());
    clock.setTimer(20, () => abort.abort('left'));
    await clock.drive(hangs());
    expect([outcome.error, answers]).toEqual(['left', 0]);
  });

  it('FB-09 asks one after the other', async () => {
    const { environment } = world();
    const [primary, second] = [new E('primary'), new E('second')];
    const given: unknown[] = [];
    const guarded = guard(
      async () => Promise.reject(primary),
      fallback({
        fallbackMethod: [
          (error: unknown) => {
            given.push(error);
            throw second;
          },
          (error: unknown) => {
            given.push(error);
            return 'b';
          },
        ],
      }),
      { environment },
    );
    const promise = guarded();
    expect(await promise).toBe('b');
    expect(recoveryInfo(promise)?.errors).toEqual([primary, second]);
    expect(given).toEqual([primary, primary]);
  });
});
