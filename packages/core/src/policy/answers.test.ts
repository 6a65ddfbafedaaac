import { describe, expect, it } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import type { RecoveryInfo } from './info.js';
import { intercept } from './intercept.js';
import type { Intercepting } from './intercept.js';
import type { Policy } from './policy.js';
import { repair } from './repair.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, world } from './world.fixture.js';

// A number has no place for what is known of it: it is known by the promise that the caller has.
describe.each([true, false])('what is known of an answer that is a number, while somebody listens: %s', (isTelling) => {
  const outside: Readonly<Record<string, () => readonly (Policy | Intercepting)[]>> = {
    nothing: () => [],
    'a bulkhead of the whole call': () => [bulkhead({ scope: 'invocation' })],
    'a time-out of the whole call': () => [timeout({ value: 1000, scope: 'total' })],
    'a fallback': () => [fallback({ value: 9, applyOn: [RangeError] })],
    'an interceptor': () => [intercept(async (_call, next) => next())],
    'all of them': () =>
      ['nothing', 'a bulkhead of the whole call', 'a time-out of the whole call'].flatMap((one) => outside[one]?.() ?? []),
  };

  async function known(body: (n: number) => unknown, policies: readonly (Policy | Intercepting)[]): Promise<RecoveryInfo | undefined> {
    const { clock, environment } = world();
    if (isTelling) environment.events.on('call.ended', () => {});
    let runs = 0;
    const promise = guard(() => body(++runs), ...policies, { environment })();
    expect(await clock.drive(promise)).toMatchObject({ status: 'fulfilled' });
    return recoveryInfo(promise);
  }
  const second = (n: number): number => {
    if (n > 1) return n;
    throw new E();
  };

  it.each(Object.keys(outside))('is known through %s', async (name) => {
    const around = outside[name] as () => readonly Policy[];
    expect(await known(second, [retry({ retryOn: [E] }), ...around()])).toMatchObject({ attempts: 2, errors: [expect.any(E)] });
    expect(await known(second, [repair({ on: E, with: () => undefined }), ...around()])).toMatchObject({ attempts: 2, repaired: true });
    expect(await known((n) => (n > 1 ? n : hangs()), [hedge({ delay: 5 }), ...around()])).toMatchObject({ attempts: 2 });
    expect(await known(() => 1, [retry(), hedge({ delay: 5 }), ...around()])).toBeUndefined();
  });

  it('is that it was given in place of another, also through an interceptor, and when that comes late', async () => {
    const fails = (): never => {
      throw new E();
    };
    expect(await known(fails, [fallback({ value: 1 }), intercept((_call, next) => next())])).toMatchObject({ fallback: true });
    const { clock, environment } = world();
    if (isTelling) environment.events.on('call.ended', () => {});
    let runs = 0;
    const body = (): Promise<number> => (runs++ === 0 ? Promise.reject(new E()) : clock.sleep(500).then(() => 2));
    const promise = guard(body, retry({ retryOn: [E], delay: 0 }), timeout({ value: 100, scope: 'total' }), fallback({ value: 1 }), {
      environment,
    })();
    await clock.drive(hangs());
    expect([await promise, runs, recoveryInfo(promise)?.fallback]).toEqual([1, 2, true]);
  });
});
