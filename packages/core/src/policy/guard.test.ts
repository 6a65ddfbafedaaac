import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { bulkhead } from './bulkhead.js';
import { currentSignal } from './call.js';
import { circuitBreaker } from './circuit-breaker.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { rateLimit } from './rate-limit.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, i) => permutations([...all.slice(0, i), ...all.slice(i + 1)]).map((rest) => [one, ...rest]));
}

describe('guard', () => {
  it('is the function itself, with its arguments and its object', async () => {
    const add = guard(async (a: number, b: number) => a + b);
    expect(await add(1, 2)).toBe(3);
    const bank = {
      rate: 2,
      charge: guard(async function (this: { rate: number }, sum: number) {
        return sum * this.rate;
      }, retry(1)),
    };
    expect(await bank.charge(21)).toBe(42);
  });

  it('CO-01 FB-08 behaves the same in each of the 720 orders of six policies', async () => {
    const seen = new Set<string>();
    for (const order of permutations(['retry', 'timeout', 'breaker', 'bulkhead', 'rate', 'fallback'] as const)) {
      const { clock, environment, events } = world();
      const policies = {
        retry: retry({ maxRetries: 4, retryOn: [E, 'TIMEOUT'], delay: 10, jitter: 'none' }),
        timeout: timeout(50),
        breaker: circuitBreaker({ requestVolumeThreshold: 4, delay: 1000 }),
        bulkhead: bulkhead({ value: 1, waitingTaskQueue: 0 }),
        rate: rateLimit({ value: 10, window: 1000 }),
        fallback: fallback((error: unknown) => `instead of ${(error as Error).name}`),
      };
      let runs = 0;
      const guarded = guard(
        () => {
          runs += 1;
          if (runs === 2) return hangs();
          throw new E('no');
        },
        ...order.map((name) => policies[name]),
        { environment },
      );
      const first = await clock.drive(guarded());
      const second = await clock.drive(guarded());
      seen.add(JSON.stringify([first, second, runs, clock.at, events]));
    }
    expect(seen.size).toBe(1);
    expect([...seen][0]).toContain('instead of');
  });

  it('refuses two policies of one kind, and options that do not fit', () => {
    expect(() => guard(async () => 1, retry(1), retry(2))).toThrow(/two policies of the kind "retry"/);
    expect(() => guard(async () => 1, timeout(5), timeout({ value: 9, scope: 'total' }))).not.toThrow();
    for (const wrong of [
      () => timeout(-1),
      () => timeout({ multiplier: 0.5 }),
      () => timeout({ scope: 'both' as 'total' }),
      () => circuitBreaker({ failureRatio: 1.1 }),
      () => circuitBreaker({ failureRatio: -0.1 }),
      () => circuitBreaker({ requestVolumeThreshold: 0 }),
      () => circuitBreaker({ successThreshold: 0 }),
      () => circuitBreaker({ delay: -1 }),
      () => bulkhead(0),
      () => bulkhead(-1),
      () => bulkhead({ waitingTaskQueue: -1 }),
      () => rateLimit(0),
      () => rateLimit({ window: 'soon' as '1s' }),
      () => fallback({}),
      () => fallback({ value: 1, fallbackMethod: () => 1 }),
      () => retry({ maxRetries: -1 }),
    ]) {
      expect(wrong).toThrow(ConfigurationError);
    }
  });

  it('CX-05 makes no signal that nobody asks for, and the same one for all who ask', async () => {
    let made = 0;
    const { AbortController: Real } = globalThis;
    vi.stubGlobal(
      'AbortController',
      class extends Real {
        constructor() {
          super();
          made += 1;
        }
      },
    );
    const { clock, environment } = world();
    const plain = guard(async () => 1, retry(1), timeout(50), circuitBreaker(), bulkhead(), { environment });
    for (let i = 0; i < 1000; i++) await plain();
    expect(made).toBe(0);
    const asking = guard(async () => currentSignal() === currentSignal(), timeout(50), { environment });
    expect(await clock.drive(asking())).toEqual({ status: 'fulfilled', value: true });
    expect(made).toBe(1);
    vi.unstubAllGlobals();
  });

  it('says where the signal can be asked for', async () => {
    expect(() => currentSignal()).toThrow(/first line of the body/);
    const late = guard(async () => {
      await Promise.resolve();
      return currentSignal();
    }, retry(0));
    await expect(late()).rejects.toMatchObject({ code: 'CONFIG_NO_CALL' });
  });

  it('CX-04 gives the caller’s reason to the body and to the caller', async () => {
    const { clock, environment } = world();
    const abort = new AbortController();
    const reason = { why: 'the user left' };
    let seen: unknown;
    const body = async (): Promise<void> => {
      const signal = currentSignal();
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          seen = signal.reason;
          reject(signal.reason as Error);
        }),
      );
    };
    const guarded = guard(
      body,
      retry({ maxRetries: 3, retryOn: [() => true] }),
      timeout(500),
      circuitBreaker({ requestVolumeThreshold: 1 }),
      {
        environment,
      },
    );
    clock.setTimer(20, () => abort.abort(reason));
    expect(await clock.drive(guarded.with(abort)())).toEqual({ status: 'rejected', reason });
    expect(seen).toBe(reason);
    expect(clock.at).toBe(20);
    expect(clock.timers).toEqual([]);
    await expect(guarded.with(abort)()).rejects.toBe(reason);
  });

  it('CX-03 answers a success that came after the caller gave up', async () => {
    const { clock, environment } = world();
    const abort = new AbortController();
    const guarded = guard(
      async () => {
        await clock.sleep(100);
        return 'done';
      },
      retry(2),
      timeout(500),
      { environment },
    );
    clock.setTimer(20, () => abort.abort());
    expect(await clock.drive(guarded.with(abort)())).toEqual({ status: 'fulfilled', value: 'done' });
  });

  it('leaves no listener at the signal of a caller who lives longer', async () => {
    const { clock, environment } = world();
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const asking = guard(async () => void currentSignal(), timeout({ value: 900, scope: 'total' }), timeout(500), { environment });
    for (let i = 0; i < 10; i++) await clock.drive(asking.with({ signal })());
    expect(add.mock.calls.length).toBe(10);
    expect(remove.mock.calls.length).toBe(10);
  });

  it('leaves the async context of its caller as it was', async () => {
    const store = new AsyncLocalStorage<string>();
    const { clock, environment } = world();
    let seen: unknown;
    let runs = 0;
    const guarded = guard(
      async () => {
        runs += 1;
        seen = store.getStore();
        if (runs < 3) throw reset();
      },
      retry({ jitter: 'none' }),
      timeout({ value: 5000, scope: 'total' }),
      { environment },
    );
    const end = store.run('mine', async () => {
      await guarded();
      return store.getStore();
    });
    expect(watch(clock, end)).toEqual({});
    expect(await clock.drive(end)).toEqual({ status: 'fulfilled', value: 'mine' });
    expect(seen).toBe('mine');
  });

  it('MT-03 a listener that throws does not reach the call', async () => {
    const { clock, environment } = world();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    environment.events.on('*', () => {
      throw new Error('listener');
    });
    const breaker = circuitBreaker({ requestVolumeThreshold: 1 });
    breaker.onState(() => {
      throw new Error('listener');
    });
    const error = new E('no');
    const guarded = guard(async () => Promise.reject(error), retry(2), breaker, { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'rejected', reason: error });
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
  });
});
