import { describe, expect, it } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { guard } from './guard.js';
import { intercept } from './intercept.js';
import { rateLimit } from './rate-limit.js';
import { retry } from './retry.js';
import { E, hangs, world } from './world.fixture.js';

const nameOf = (error: Error): string => error.name;

describe('limits for each key', () => {
  it('CB-27 a bulkhead has places for each key, and forgets none that is in use', async () => {
    const { clock, environment } = world();
    const ends = new Map<string, () => void>();
    const places = bulkhead({ value: 1, waitingTaskQueue: 0, key: (host: string) => host, maxKeys: 2 });
    const call = guard(async (host: string) => new Promise<void>((resolve) => ends.set(host, resolve)), places, { environment });
    const running = ['a', 'b', 'c'].map((host) => call(host));
    expect(places.load).toEqual({ running: 3, waiting: 0 });
    for (const host of ['a', 'b', 'c']) expect(await call(host).catch(nameOf)).toBe('BulkheadRejectedError');
    ends.get('a')?.();
    await running[0];
    const again = call('a');
    expect(await call('a').catch(nameOf)).toBe('BulkheadRejectedError');
    for (const end of ends.values()) end();
    await Promise.all([...running, again]);
    expect(places.load).toEqual({ running: 0, waiting: 0 });
    // Too many are kept for as long as they are in use.
    const more = call('d');
    ends.get('d')?.();
    await more;
    expect((places.part as unknown as { keyed: { values(): unknown[] } }).keyed.values()).toHaveLength(2);
    void clock;
  });

  it('a bulkhead has its keys for a whole call too', async () => {
    const { environment } = world();
    const places = bulkhead({ value: 1, waitingTaskQueue: 0, key: (host: string) => host, scope: 'invocation' });
    const call = guard(async (_host: string) => hangs(), places, { environment });
    void call('a');
    void call('b');
    expect(await call('a').catch(nameOf)).toBe('BulkheadRejectedError');
  });

  it('CB-27 a rate limit counts each key, and forgets used up ones last', async () => {
    const { clock, environment } = world();
    const limit = rateLimit({ value: 2, window: 1000, key: (host: string) => host, maxKeys: 2 });
    const call = guard(async (host: string) => host, limit, { environment });
    const ends = async (...hosts: string[]): Promise<string[]> => {
      const seen = [];
      for (const host of hosts) seen.push(await call(host).catch(nameOf));
      return seen;
    };
    expect(await ends('a', 'a', 'a', 'b')).toEqual(['a', 'a', 'RateLimitedError', 'b']);
    expect(await ends('c', 'a')).toEqual(['c', 'RateLimitedError']);
    // Memory is bounded: when all are used up, the one that was used longest ago goes.
    expect(await ends('c', 'd', 'c')).toEqual(['c', 'd', 'RateLimitedError']);
    clock.at = 1000;
    expect(await ends('a', 'c')).toEqual(['a', 'c']);
  });

  it('a key that cannot be had ends the call with its error, and holds no place', async () => {
    const { environment } = world();
    const places = bulkhead({
      key: () => {
        throw new E('no key');
      },
    });
    const call = guard(async () => 1, places, { environment });
    await expect(call()).rejects.toThrow('no key');
    expect(places.load).toEqual({ running: 0, waiting: 0 });
  });
});

describe('intercept', () => {
  it('CO-02 stands outside of all policies, or around each attempt', async () => {
    const { clock, environment } = world();
    const log: string[] = [];
    const noting = (what: string, scope: 'invocation' | 'attempt') =>
      intercept(
        (_call, next) => {
          log.push(what);
          return next();
        },
        { scope },
      );
    const body = async (): Promise<never> => {
      log.push('body');
      throw new E('no');
    };
    const call = guard(body, noting('late', 'attempt'), retry({ maxRetries: 1, retryOn: [E] }), noting('early', 'invocation'), {
      environment,
    });
    expect(await clock.drive(call())).toMatchObject({ status: 'rejected', reason: expect.any(E) });
    expect(log).toEqual(['early', 'late', 'body', 'late', 'body']);
  });

  it('may answer by itself, and is refused where it does not fit', async () => {
    const call = guard(
      async () => 1,
      intercept(async () => 2),
    );
    expect(await call()).toBe(2);
    expect(() => intercept(async () => 2, { scope: 'call' as 'attempt' })).toThrow(/intercept, scope/);
  });
});
