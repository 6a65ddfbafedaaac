import { describe, expect, it } from 'vitest';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import { retry } from './retry.js';
import type { RetryOptions } from './retry-policy.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

describe('a retry', () => {
  /** Three services, each of which calls the next. `between`: what it does with the call. */
  async function three(options: RetryOptions, between: (call: () => Promise<unknown>) => Promise<unknown>): Promise<readonly number[]> {
    const { clock, environment } = world();
    const runs = [0, 0, 0];
    const count = (n: number): void => void (runs[n] = (runs[n] as number) + 1);
    const policy = retry({ maxRetries: 2, delay: 0, ...options });
    const inner = guard(
      async () => {
        count(2);
        throw reset();
      },
      policy,
      { environment },
    );
    const service = (n: number, next: () => Promise<unknown>) =>
      guard(
        () => {
          count(n);
          return between(next);
        },
        policy,
        { environment },
      );
    const end = await clock.drive(service(0, service(1, inner))());
    expect(end?.status).toBe('rejected');
    return runs;
  }
  const later = async (call: () => Promise<unknown>): Promise<unknown> => {
    await Promise.resolve();
    return call();
  };

  it('RT-25 is made by one of three nested services, and not by each', async () => {
    expect(await three({}, (call) => call())).toEqual([3, 3, 3]);
    expect(await three({}, later)).toEqual([1, 1, 3]);
    expect(await three({ nested: 'allow' }, (call) => call())).toEqual([3, 9, 27]);
    expect(await three({ nested: 'allow' }, later)).toEqual([3, 9, 27]);
  });

  it('is left to the call around it also by a later copy', async () => {
    const { clock, environment } = world();
    let [copies, runs] = [0, 0];
    const inner = guard(
      async () => {
        runs += 1;
        throw reset();
      },
      retry({ maxRetries: 2, delay: 0 }),
      { environment },
    );
    const body = (): Promise<unknown> => (++copies === 1 ? hangs() : inner());
    watch(clock, guard(body, hedge({ delay: 10 }), retry({ maxRetries: 2 }), { environment })());
    await clock.drive(hangs());
    expect([copies, runs]).toEqual([2, 1]);
  });

  it('adds up, and never multiplies, when services hide what they met', async () => {
    const hide = (call: () => Promise<unknown>): Promise<unknown> =>
      later(call).catch(() => {
        throw reset();
      });
    expect((await three({}, hide))[2]).toBeLessThanOrEqual(7);
    const wrap = (call: () => Promise<unknown>): Promise<unknown> =>
      later(call).catch((cause: unknown) => {
        throw Object.assign(new Error('wrapped', { cause }), { code: 'ECONNRESET' });
      });
    expect((await three({}, wrap))[2]).toBe(3);
  });

  it('does not mind that an error is thrown again that another call gave up on before', async () => {
    const { clock, environment } = world();
    const error = reset();
    let runs = 0;
    const make = () =>
      guard(
        async () => {
          runs += 1;
          throw error;
        },
        retry({ maxRetries: 2 }),
        { environment },
      );
    const [one, two] = [make(), make()];
    for (const call of [one, one, two, one]) await clock.drive(call());
    expect(runs).toBe(12);
    await clock.drive(Promise.allSettled([one(), one(), one()]));
    expect(runs).toBe(21);
  });

  it('does not mind that another call of the same function has given up on the same error', async () => {
    const { clock, environment } = world();
    const error = reset();
    const starts: number[] = [];
    const guarded = guard(
      async () => {
        starts.push(clock.at);
        throw error;
      },
      retry({ maxRetries: 2, delay: 100, backoff: 'constant', jitter: 'none' }),
      { environment },
    );
    watch(clock, guarded());
    clock.setTimer(150, () => void watch(clock, guarded()));
    await clock.drive(new Promise(() => {}));
    expect(starts).toEqual([0, 100, 150, 200, 250, 350]);
  });

  it('RT-01 RT-16 RT-17 gives the error of the last attempt as it is, and tells about it beside it', async () => {
    const { clock, environment } = world();
    const errors = Array.from({ length: 4 }, () => Object.freeze(reset()));
    let n = 0;
    const guarded = guard(async () => Promise.reject(errors[n++]), retry(), { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'rejected', reason: errors[3] });
    expect(recoveryInfo(errors[3])).toEqual({ attempts: 4, reason: 'maxRetries', errors });
    const nothing = guard(async () => Promise.reject(undefined as unknown as Error), retry(), { environment });
    expect(await clock.drive(nothing())).toEqual({ status: 'rejected', reason: undefined });
  });

  it('RT-05 takes its jitter from both sides, and never less than nothing', async () => {
    let seed = 1;
    const { clock, environment } = world(() => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    const pauses: number[] = [];
    let last = 0;
    const body = async (): Promise<never> => {
      pauses.push(clock.at - last);
      last = clock.at;
      throw reset();
    };
    const options = { maxRetries: 1000, delay: 400, backoff: 'constant', jitter: 400, maxDuration: Infinity, budget: false } as const;
    await clock.drive(guard(body, retry(options), { environment })());
    const sampled = pauses.slice(1);
    expect(sampled).toHaveLength(1000);
    expect(Math.min(...sampled)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...sampled)).toBeLessThanOrEqual(800);
    expect(Math.min(...sampled)).toBeLessThan(100);
    expect(Math.max(...sampled)).toBeGreaterThan(700);
  });

  it('RT-18 RT-19 comes again when it is asked to, or not at all', async () => {
    const { clock, environment } = world();
    const starts: number[] = [];
    const guarded = guard(
      async () => {
        starts.push(clock.at);
        throw Object.assign(reset(), starts.length === 1 ? { retryAfter: 700 } : {});
      },
      retry({ maxRetries: 2, jitter: 'none' }),
      { environment },
    );
    await clock.drive(guarded());
    expect(starts).toEqual([0, 700, 900]);
    const never = Object.assign(reset(), { retryAfter: -1 });
    await clock.drive(guard(async () => Promise.reject(never), retry(), { environment })());
    expect(recoveryInfo(never)).toMatchObject({ attempts: 1, reason: 'notRetryable' });
  });

  it('RT-21 repeats only what never came there, when it is told so', async () => {
    const { clock, environment } = world();
    for (const [code, expected] of [
      ['ECONNRESET', 1],
      ['ECONNREFUSED', 4],
    ] as const) {
      let runs = 0;
      const body = async (): Promise<never> => {
        runs += 1;
        throw Object.assign(new Error(code), { code });
      };
      await clock.drive(guard(body, retry({ idempotent: false }), { environment })());
      expect(runs).toBe(expected);
    }
  });

  it('repeats for a result that is not good enough, and answers the last one', async () => {
    const { clock, environment } = world();
    let n = 0;
    const guarded = guard(async () => ++n, retry({ maxRetries: 2, retryOnResult: (result) => (result as number) < 5 }), { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 3 });
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 5 });
  });

  it('asks before each repetition, and ends with what was thrown then', async () => {
    const { clock, environment } = world();
    const asked: unknown[] = [];
    const stop = new E('stop');
    const first = reset();
    const beforeRetry = async (error: unknown, attempt: number): Promise<void> => {
      asked.push([error, attempt]);
      if (attempt === 3) throw stop;
    };
    const guarded = guard(async () => Promise.reject(first), retry({ beforeRetry }), { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'rejected', reason: stop });
    expect(asked).toEqual([
      [first, 2],
      [first, 3],
    ]);
    expect(recoveryInfo(stop)).toMatchObject({ reason: 'beforeRetry', errors: [first, first] });
  });

  it('RT-24 gives its body’s own error when the caller left while it ran', async () => {
    const { clock, environment } = world();
    const abort = new AbortController();
    const own = reset();
    const guarded = guard(() => clock.sleep(50).then(() => Promise.reject(own)), retry(), { environment });
    const outcome = watch(clock, guarded.with(abort)());
    clock.setTimer(20, () => abort.abort(new Error('left')));
    await clock.drive(new Promise(() => {}));
    expect(outcome).toEqual({ error: own, at: 50 });
    expect(recoveryInfo(own)?.reason).toBe('cancelled');
  });
});
