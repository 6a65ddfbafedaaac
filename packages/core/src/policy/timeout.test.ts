import { describe, expect, it, vi } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { currentSignal } from './call.js';
import { TimeoutError } from './errors.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { hangs, watch, world } from './world.fixture.js';

describe('timeout', () => {
  it('TO-01 ends a call after a second by default, with an error that says where it was', async () => {
    const { clock, environment, count } = world();
    const end = await clock.drive(guard(() => clock.sleep(20_000), timeout(), { environment, name: 'Bank.charge' })());
    const { reason } = end as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(TimeoutError);
    expect(reason).toMatchObject({
      code: 'TIMEOUT',
      stage: 'executing',
      scope: 'attempt',
      timeoutMs: 1000,
      elapsedMs: 1000,
      retryable: true,
    });
    expect((reason as Error).message).toContain('Bank.charge');
    expect(clock.at).toBe(1000);
    expect(count('timeout.expired')).toBe(1);
  });

  it('TO-03 leaves the signal alone when the body succeeds, whatever time it is', async () => {
    const { clock, environment, until } = world();
    let signal: AbortSignal | undefined;
    const guarded = guard(
      async () => {
        signal = currentSignal();
        await clock.sleep(100);
        return 'a stream';
      },
      timeout(500),
      timeout({ value: 900, scope: 'total' }),
      { environment },
    );
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 'a stream' });
    await until(5000);
    expect(signal?.aborted).toBe(false);
  });

  it('TO-04 gives each attempt its time', async () => {
    const { clock, environment } = world();
    const starts: number[] = [];
    const body = (): Promise<never> => {
      starts.push(clock.at);
      return hangs();
    };
    const end = await clock.drive(guard(body, timeout(500), retry({ maxRetries: 2, delay: 0, jitter: 'none' }), { environment })());
    expect(starts).toEqual([0, 500, 1000]);
    expect(clock.at).toBe(1500);
    expect((end as PromiseRejectedResult).reason).toBeInstanceOf(TimeoutError);
  });

  it('TO-05 TO-06 counts the wait for a place, and turns away who finds no room', async () => {
    const { clock, environment, until } = world();
    const starts: number[] = [];
    const guarded = guard(
      () => {
        starts.push(clock.at);
        return hangs();
      },
      timeout(500),
      bulkhead({ value: 2, waitingTaskQueue: 1 }),
      { environment },
    );
    const a = watch(clock, guarded());
    const b = watch(clock, guarded());
    await until(1200);
    const c = watch(clock, guarded());
    await until(1300);
    const d = watch(clock, guarded());
    await until(5000);
    expect([a, b, c, d]).toMatchObject([
      { at: 500, error: { stage: 'executing' } },
      { at: 500, error: { stage: 'executing' } },
      { at: 1700, error: { stage: 'queued' } },
      { at: 1300, error: { code: 'BULKHEAD_REJECTED' } },
    ]);
    expect(starts).toEqual([0, 0]);
  });

  it('TO-07 ends a body that began late at the time of its call', async () => {
    const { clock, environment, until } = world();
    const starts: number[] = [];
    let n = 0;
    const guarded = guard(
      () => {
        starts.push(clock.at);
        return n++ === 0 ? clock.sleep(300) : hangs();
      },
      timeout(500),
      bulkhead(1),
      { environment },
    );
    const a = watch(clock, guarded());
    const b = watch(clock, guarded());
    await until(1000);
    expect(starts).toEqual([0, 300]);
    expect(a).toEqual({ at: 300, value: undefined });
    expect(b).toMatchObject({ at: 500, error: { stage: 'executing' } });
  });

  it('TO-08 has a time for all attempts together, which the last one cannot exceed', async () => {
    const { clock, environment } = world();
    const starts: number[] = [];
    const body = (): Promise<never> => {
      starts.push(clock.at);
      return hangs();
    };
    const end = await clock.drive(
      guard(body, timeout(600), timeout({ value: 1000, scope: 'total' }), retry({ delay: 100, jitter: 'none' }), { environment })(),
    );
    expect(starts).toEqual([0, 700]);
    expect(clock.at).toBe(1000);
    expect((end as PromiseRejectedResult).reason).toMatchObject({ scope: 'total', stage: 'executing', timeoutMs: 1000 });
  });

  it('TO-10 has no more time than the caller has', async () => {
    const { clock, environment } = world();
    const inner = guard(hangs, timeout(1000), { environment });
    let seen: { readonly at: number; readonly error: unknown } | undefined;
    const outer = guard(
      async () => {
        await clock.sleep(800);
        await inner().catch((error: unknown) => {
          seen = { at: clock.at, error };
          throw error;
        });
      },
      timeout({ value: 1000, scope: 'total' }),
      { environment },
    );
    await clock.drive(outer());
    await Promise.resolve();
    expect(clock.at).toBe(1000);
    expect(seen).toMatchObject({ at: 1000, error: { scope: 'total', timeoutMs: 200 } });
  });

  it('starts no pause that the deadline of the caller does not leave time for', async () => {
    const { clock, environment } = world();
    const error = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const inner = guard(async () => Promise.reject(error), retry({ delay: 300, jitter: 'none' }), { environment });
    const outer = guard(inner, timeout({ value: 500, scope: 'total' }), { environment });
    expect(await clock.drive(outer())).toEqual({ status: 'rejected', reason: error });
    expect(clock.at).toBe(300);
  });

  it('TO-11 gives further attempts more time', async () => {
    const { clock, environment } = world();
    const starts: number[] = [];
    const body = (): Promise<never> => {
      starts.push(clock.at);
      return hangs();
    };
    await clock.drive(
      guard(body, timeout({ value: 100, multiplier: 2, maxValue: 300 }), retry({ delay: 0, jitter: 'none' }), { environment })(),
    );
    expect(starts).toEqual([0, 100, 300, 600]);
    expect(clock.at).toBe(900);
  });

  it('TO-12 sets no time, and no timer, for 0', async () => {
    const { clock, environment } = world();
    void guard(hangs, timeout(0), timeout({ value: 0, scope: 'total' }), { environment })();
    await clock.drive(Promise.resolve());
    expect(clock.timers).toEqual([]);
  });

  it('TO-14 does not end what is done in place of the call', async () => {
    const { clock, environment } = world();
    let signal: AbortSignal | undefined;
    const guarded = guard(
      hangs,
      timeout(500),
      fallback(async () => {
        signal = currentSignal();
        await clock.sleep(300);
        return 'instead';
      }),
      { environment },
    );
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 'instead' });
    expect(signal?.aborted).toBe(false);
    expect(clock.at).toBe(800);
  });

  it('aborts the signal with the error that the caller gets', async () => {
    const { clock, environment } = world();
    let signal: AbortSignal | undefined;
    for (const scope of ['attempt', 'total'] as const) {
      const guarded = guard(
        () => {
          signal = currentSignal();
          return hangs();
        },
        timeout({ value: 500, scope }),
        { environment },
      );
      const end = await clock.drive(guarded());
      expect(signal?.reason).toBe((end as PromiseRejectedResult).reason);
    }
  });

  it('hands over what comes too late, and lets a late failure be nobody’s', async () => {
    const { clock, environment, until, count } = world();
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    const late: unknown[] = [];
    const onLate = (value: unknown): void => void late.push(value);
    const answers = guard(() => clock.sleep(700).then(() => 'too late'), timeout({ value: 500, onLate }), { environment });
    const fails = guard(() => clock.sleep(700).then(() => Promise.reject(new Error('late'))), timeout({ value: 500, onLate }), {
      environment,
    });
    const outcomes = [watch(clock, answers()), watch(clock, fails())];
    await until(1000);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(outcomes).toMatchObject([{ at: 500 }, { at: 500 }]);
    expect(late).toEqual(['too late']);
    expect(count('timeout.late')).toBe(1);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('waits for a cooperative body, and takes the result that it has all the same', async () => {
    const { clock, environment } = world();
    const run = async (body: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> => {
      const from = clock.at;
      const guarded = guard(() => body(currentSignal()), timeout({ value: 500, mode: 'cooperative' }), { environment });
      const end = await clock.drive(guarded());
      return [clock.at - from, end?.status === 'fulfilled' ? end.value : (end?.reason as Error | undefined)?.name];
    };
    expect(await run(() => clock.sleep(700).then(() => 'done'))).toEqual([700, 'done']);
    expect(await run(() => clock.sleep(700).then(() => Promise.reject(new RangeError('own'))))).toEqual([700, 'RangeError']);
    const stops = (signal: AbortSignal): Promise<never> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    expect(await run(stops)).toEqual([500, 'TimeoutError']);
  });

  it('uses one timer for all calls on one clock', async () => {
    const { clock, environment } = world();
    const slow = guard(hangs, timeout(500), { environment });
    const slower = guard(hangs, timeout('5s'), { environment });
    for (let i = 0; i < 100; i++) for (const one of [slower, slow]) one().catch(() => {});
    expect(clock.timers).toHaveLength(1);
    await clock.drive(Promise.resolve());
  });

  it('still ends a call when another one was ended, and settled later', async () => {
    const { clock, environment, until } = world();
    const patient = guard(() => clock.sleep(700), timeout({ value: 500, mode: 'cooperative' }), { environment });
    const other = watch(clock, guard(hangs, timeout(1000), { environment })());
    watch(clock, patient());
    await until(2000);
    expect(other.at).toBe(1000);
  });

  it('leaves no timer when all calls have ended', async () => {
    const { clock, environment } = world();
    const guarded = guard(async () => 1, timeout(500), { environment });
    await Promise.all(Array.from({ length: 10 }, () => guarded()));
    expect(clock.timers).toEqual([]);
  });
});
