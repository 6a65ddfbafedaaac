import { describe, expect, it } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { circuitBreaker } from './circuit-breaker.js';
import { detect } from './detect.js';
import { BadResultError } from './errors.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, watch, world } from './world.fixture.js';

const positive = detect((price: number) => price > 0);

describe('a detector', () => {
  it('makes an error of an answer that it does not accept, and leaves others as they are', async () => {
    const { environment, events } = world();
    const price = guard(async (value: number) => value, positive, { name: 'Shop.price', environment });
    expect(await price(3)).toBe(3);
    const error: unknown = await price(-3).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'BAD_RESULT', name: 'BadResultError', result: -3, detectorFailed: false });
    expect((error as Error).message).toBe('Shop.price answered what its detector does not accept.');
    expect(events.map(({ name }) => name)).toEqual(['detect.rejected']);
  });

  it('is given the arguments, and may say why', async () => {
    const seen: unknown[] = [];
    const check = async (sum: number, ...args: number[]): Promise<string | true> => {
      seen.push([sum, ...args]);
      return sum === 3 || `it is ${sum}`;
    };
    const add = guard(async (a: number, b: number) => a + b, detect({ check }));
    expect(await add(1, 2)).toBe(3);
    await expect(add(1, 3)).rejects.toThrow('does not accept: it is 4');
    expect(seen).toEqual([
      [3, 1, 2],
      [4, 1, 3],
    ]);
    const failing = guard(async () => 1, detect({ check: () => new E('stale') }));
    await expect(failing()).rejects.toMatchObject({ cause: new E('stale') });
  });

  it('accepts what is true, and nothing else', async () => {
    for (const answer of [undefined, null, 1, 0, '', false, {}]) {
      const guarded = guard(async () => 1, detect({ check: () => answer as boolean }));
      await expect(guarded()).rejects.toBeInstanceOf(BadResultError);
    }
  });

  it('names its fault, so that other policies know it', async () => {
    const stale = detect({ check: () => false, kind: 'StalePrice' });
    let runs = 0;
    const price = guard(
      async () => (runs += 1),
      stale,
      retry({ maxRetries: 1, delay: 0, retryOn: ['StalePrice'] }),
      fallback({ by: [{ on: 'StalePrice', method: () => 'yesterday' }] }),
    );
    expect([await price(), runs]).toEqual(['yesterday', 2]);
  });

  it('has its answers repeated, and the good one comes out', async () => {
    let runs = 0;
    const guarded = guard(
      async () => (runs += 1),
      detect((n: number) => n > 2),
      retry({ delay: 0 }),
    );
    expect(await guarded()).toBe(3);
  });

  it('RP-05 counts in the breaker', async () => {
    const breaker = circuitBreaker({ requestVolumeThreshold: 2, delay: '1h' });
    const price = guard(async () => -1, positive, breaker);
    for (const code of ['BAD_RESULT', 'BAD_RESULT', 'CIRCUIT_OPEN']) await expect(price()).rejects.toMatchObject({ code });
    expect(breaker.state()).toBe('open');
  });

  it('judges each copy of a hedged call', async () => {
    const { clock, environment } = world();
    let copies = 0;
    const guarded = guard(
      async () => (copies += 1),
      detect((n: number) => n === 2),
      hedge({ delay: 100, maxLoad: 1 }),
      { environment },
    );
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 2 });
  });

  it('that throws, rejects or takes too long has failed, and is told of apart', async () => {
    const { clock, environment, events } = world();
    const broken = [
      () => {
        throw new E('no');
      },
      () => Promise.reject(new E('no')),
      hangs,
    ];
    for (const [i, check] of broken.entries()) {
      const failing = guard(async () => 7, detect({ check }), { environment });
      const end = await clock.drive(failing());
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'BAD_RESULT', detectorFailed: true, result: 7 } });
      const passing = guard(async () => 7, detect({ check, onDetectorError: 'pass' }), { environment });
      expect(await clock.drive(passing())).toEqual({ status: 'fulfilled', value: 7 });
      expect(clock.at).toBe(i === 2 ? 2000 : 0);
    }
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['detect.failed']));
    expect(clock.timers).toEqual([]);
  });

  it('stands within the time-out of an attempt, and keeps the place in the bulkhead', async () => {
    const { clock, environment, until } = world();
    const places = bulkhead({ value: 1, waitingTaskQueue: 0 });
    const check = async (): Promise<boolean> => (await clock.sleep(500), true);
    const guarded = guard(async () => 1, detect({ check, timeout: 0 }), timeout(100), places, { environment });
    const end = watch(clock, guarded());
    await until(100);
    expect(end).toMatchObject({ error: { code: 'TIMEOUT' }, at: 100 });
    await expect(guarded()).rejects.toMatchObject({ code: 'BULKHEAD_REJECTED' });
    await until(500);
    expect(watch(clock, guarded())).toEqual({});
  });

  it('leaves nothing known of a good answer', async () => {
    const answer = guard(async () => ({}), detect({ check: () => true }))();
    expect(recoveryInfo(await answer)).toBeUndefined();
  });

  it.each([
    { check: 1 },
    {},
    { check: () => true, kind: '' },
    { check: () => true, timeout: -1 },
    { check: () => true, onDetectorError: 'x' },
  ])('refuses %j', (options) => {
    expect(() => detect(options as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
