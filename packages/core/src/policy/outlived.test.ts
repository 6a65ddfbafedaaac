import { describe, expect, it } from 'vitest';
import type { Call } from '../base/interceptor.js';
import { bulkhead } from './bulkhead.js';
import { compose } from './compose.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import type { Policy } from './policy.js';
import { rateLimit } from './rate-limit.js';
import { repair } from './repair.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import type { VirtualClock } from './virtual-clock.fixture.js';
import { E, hangs, watch, world } from './world.fixture.js';

describe('a body that outlives its call', () => {
  it.each([true, false])('BH-07 keeps the place of the whole call until it has settled, telling: %s', async (isTelling) => {
    const { clock, environment, events, until } = world();
    if (isTelling) environment.events.on('call.ended', () => {});
    for (const scope of ['attempt', 'total'] as const) {
      const places = bulkhead({ value: 1, waitingTaskQueue: 0, scope: 'invocation' });
      const guarded = guard(() => clock.sleep(300), timeout({ value: 100, scope }), places, { environment });
      const from = clock.at;
      const call = watch(clock, guarded());
      await until(from + 200);
      expect([call.at, places.load.running]).toEqual([from + 100, 1]);
      await until(from + 400);
      expect(places.load.running).toBe(0);
    }
    const left = events.filter(({ name }) => name === 'bulkhead.left').map(({ details }) => details?.['durationMs']);
    expect(left).toEqual(isTelling ? [300, 300] : []);
  });

  it('keeps the place of a call whose repetition has answered', async () => {
    const { clock, environment, until } = world();
    const places = bulkhead({ value: 1, waitingTaskQueue: 0, scope: 'invocation' });
    let runs = 0;
    const body = (): Promise<void> => clock.sleep(runs++ === 0 ? 500 : 10);
    const call = watch(clock, guard(body, timeout(100), retry({ delay: 0 }), places, { environment })());
    await until(400);
    expect([call.at, places.load.running]).toEqual([110, 1]);
    await until(600);
    expect(places.load.running).toBe(0);
  });

  it('is told of, before somebody answers in the place of a call whose whole time is over', async () => {
    const { clock, environment } = world();
    const told: unknown[] = [];
    const onAttemptFailed = (error: unknown): void => void told.push(error);
    const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, environment, onAttemptFailed };
    const answered = fallback((error: unknown) => [...told, error]);
    const chain = compose([timeout({ value: 100, scope: 'total' }), answered], environment, 'Bank.charge');
    const end = (await clock.drive(chain(call, hangs))) as PromiseFulfilledResult<readonly unknown[]>;
    expect(end.value).toMatchObject([{ code: 'TIMEOUT', stage: 'executing' }, { code: 'TIMEOUT' }]);
    expect(end.value[0]).toBe(end.value[1]);
  });

  it('is not told of when it has failed before, and nothing is under way', async () => {
    const { clock, environment } = world();
    const told: unknown[] = [];
    const onAttemptFailed = (error: unknown): void => void told.push(error);
    const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, environment, onAttemptFailed };
    const chain = compose(
      [timeout({ value: 100, scope: 'total' }), repair({ on: E, with: hangs }), fallback({ value: 1 })],
      environment,
      'Bank.charge',
    );
    const failure = new E();
    expect(await clock.drive(chain(call, () => Promise.reject(failure)))).toMatchObject({ value: 1 });
    expect(told).toEqual([failure]);
  });

  it.each([true, false])('leaves the arguments of its caller to whoever answers in its place, telling: %s', async (isTelling) => {
    const { clock, environment } = world();
    if (isTelling) environment.events.on('call.ended', () => {});
    const guarded = guard(
      (text: string) => (text === 'bad' ? Promise.reject(new E()) : hangs()),
      repair({ on: E, with: () => ['good'] }),
      timeout({ value: 100, scope: 'total' }),
      fallback((text: string) => text),
      { environment },
    );
    expect(await clock.drive(guarded('bad'))).toMatchObject({ value: 'bad' });
  });
});

describe('whoever keeps a record of a call', () => {
  async function told(body: (clock: VirtualClock) => Promise<unknown>, ...policies: readonly Policy[]): Promise<readonly unknown[]> {
    const { clock, environment } = world();
    const all: unknown[] = [];
    const onAttemptFailed = (error: unknown): void => void all.push((error as { code?: unknown }).code ?? error);
    const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, environment, onAttemptFailed };
    await clock.drive(compose(policies, environment, 'Bank.charge')(call, () => body(clock)));
    return all;
  }

  it('hears of a result that was turned down, before the next attempt, and not of the last one, which is the answer', async () => {
    const again = retry({ maxRetries: 1, delay: 0, retryOnResult: () => true });
    expect(await told(async () => 1, again)).toEqual(['BAD_RESULT']);
    expect(await told(async () => 1, again, rateLimit(1))).toEqual(['BAD_RESULT', 'RATE_LIMITED']);
    expect(await told(async () => 1, retry({ maxRetries: 0, retryOnResult: () => true }))).toEqual([]);
  });

  it('hears nothing of a copy that waited for its place until another one had answered', async () => {
    const places = bulkhead(1);
    let waiting = 0;
    const body = (clock: VirtualClock): Promise<void> => clock.sleep(5).finally(() => (waiting = places.load.waiting));
    expect(await told(body, hedge({ delay: 0, maxLoad: 1 }), places)).toEqual([]);
    expect([waiting, places.load]).toEqual([1, { running: 0, waiting: 0 }]);
  });
});

describe('a call that is given up when it has just got its place', () => {
  it.each([
    ['attempt', []],
    ['attempt', [timeout(10_000)]],
    ['invocation', []],
  ] as const)('never begins: scope %s', async (scope, more) => {
    const { environment } = world();
    const places = bulkhead({ value: 1, scope });
    const ends: (() => void)[] = [];
    const body = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    const guarded = guard(body, places, ...more, { environment });
    for (let turns = 0; turns < 12; turns++) {
      const first = guarded();
      const abort = new AbortController();
      const second = guarded.with(abort)();
      ends.shift()?.();
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const hasBegun = ends.length > 0;
      abort.abort('left');
      for (let i = 0; i < 12; i++) await Promise.resolve();
      expect(ends.length).toBe(hasBegun ? 1 : 0);
      ends.shift()?.();
      const [, end] = await Promise.allSettled([first, second]);
      expect(end).toEqual(hasBegun ? { status: 'fulfilled' } : { status: 'rejected', reason: 'left' });
      expect(places.load).toEqual({ running: 0, waiting: 0 });
    }
  });
});
