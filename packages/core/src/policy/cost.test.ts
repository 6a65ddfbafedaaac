import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { circuitBreaker } from './circuit-breaker.js';
import { CircuitOpenError } from './errors.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { rateLimit } from './rate-limit.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';

// What the speed rests upon, counted and not timed: the figures are in docs/performance.md.

const CALLS = 200;
const body = async (n: number): Promise<number> => n + 1;
const three = () => [retry(), circuitBreaker(), bulkhead()];

/** How many of each kind of resource the calls make. A few may be the runner's own. */
async function made(fn: (n: number) => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  // The first call makes what all others share.
  await fn(0);
  const hook = createHook({ init: (_, type) => void (counts[type] = (counts[type] ?? 0) + 1) }).enable();
  for (let i = 0; i < CALLS; i++) await fn(i);
  hook.disable();
  return counts;
}

async function promisesPerCall(fn: (n: number) => Promise<unknown>): Promise<number> {
  const [bare, guarded] = [await made(body), await made(fn)];
  return Math.round(((guarded['PROMISE'] ?? 0) - (bare['PROMISE'] ?? 0)) / CALLS);
}

afterEach(() => vi.restoreAllMocks());

describe('what a guarded call costs', () => {
  it('is one promise more than the body’s own, whatever stands around it', async () => {
    expect(await promisesPerCall(guard(body))).toBe(1);
    expect(await promisesPerCall(guard(body, retry()))).toBe(1);
    expect(await promisesPerCall(guard(body, ...three()))).toBe(1);
    expect(await promisesPerCall(guard(body, ...three(), rateLimit(1e6)))).toBe(1);
  });

  it('is three with a time-out: one that can be rejected early, and its caller’s, in the caller’s context', async () => {
    expect(await promisesPerCall(guard(body, timeout(60_000)))).toBe(3);
    expect(await promisesPerCall(guard(body, ...three(), timeout(60_000)))).toBe(3);
  });

  it('is no timer of its own: time-outs share one, and breakers have none', async () => {
    const timed = await made(guard(body, ...three(), timeout(60_000)));
    expect(timed['Timeout'] ?? 0).toBeLessThan(CALLS / 10);
    const breakers = await made(async () => {
      const call = guard(() => Promise.reject(new Error('down')), circuitBreaker({ requestVolumeThreshold: 1, delay: 60_000 }));
      await call().catch(() => undefined);
      await expect(call()).rejects.toThrow(CircuitOpenError);
    });
    expect(breakers['Timeout'] ?? 0).toBeLessThan(CALLS / 10);
  });

  it('is no AsyncLocalStorage that is entered, as long as nothing is repeated', async () => {
    const run = vi.spyOn(AsyncLocalStorage.prototype, 'run');
    const call = guard(body, ...three(), timeout(60_000), fallback({ value: 0 }));
    for (let i = 0; i < CALLS; i++) await call(i);
    expect(run).not.toHaveBeenCalled();
    let failures = 1;
    const lost = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    await guard(async () => (failures-- > 0 ? Promise.reject(lost) : 1), retry({ delay: 0 }))();
    expect(run).toHaveBeenCalled();
  });

  it('is an error without a stack for a call that is turned away, and leaves the stacks of others as they are', async () => {
    const cause = new Error('down');
    const call = guard(() => Promise.reject(cause), circuitBreaker({ requestVolumeThreshold: 1 }));
    await call().catch(() => undefined);
    const [one, other] = await Promise.all([call().catch((error: unknown) => error), call().catch((error: unknown) => error)]);
    expect(one).not.toBe(other);
    expect(one).toMatchObject({ name: 'CircuitOpenError', code: 'CIRCUIT_OPEN', state: 'open', cause, retryable: true });
    expect((one as CircuitOpenError).retryAfter).toBeGreaterThan(0);
    expect((one as Error).stack).not.toContain('\n    at ');
    // With ten and more an error takes five times as long to make.
    expect(Reflect.ownKeys(one as object).length).toBeLessThan(9);
    expect(new Error('another').stack).toContain('\n    at ');
  });

  it('is an error with a stack where stacks may not be limited', async () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    Object.defineProperty(Error, 'stackTraceLimit', { ...limit, writable: false });
    try {
      expect(new CircuitOpenError('Bank.charge', 'open', 5).stack).toContain('\n    at ');
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', limit);
    }
  });

  it('is nothing of the async context: what follows a time-out runs in that of its caller', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    let attempts = 0;
    const slow = guard(
      async () => {
        seen.push(context.getStore());
        attempts += 1;
        if (attempts === 1) await new Promise(() => {});
        return context.getStore();
      },
      retry({ maxRetries: 1, delay: 0, retryOn: ['TIMEOUT'], beforeRetry: () => void seen.push(context.getStore()) }),
      timeout(200),
    );
    expect(await context.run('mine', () => slow())).toBe('mine');
    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });
});
