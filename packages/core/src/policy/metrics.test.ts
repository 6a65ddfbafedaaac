import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { bulkhead } from './bulkhead.js';
import { circuitBreaker } from './circuit-breaker.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import type { Histogram, Metric } from './meters.js';
import { metrics } from './metrics.js';
import { rateLimit } from './rate-limit.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, watch, world } from './world.fixture.js';

function setUp() {
  const w = world();
  const meter = metrics(w.environment);
  const all = (prefix: string): Record<string, unknown> =>
    Object.fromEntries(
      meter
        .snapshot()
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name, attributes, value }) => [
          [name.slice(prefix.length), ...Object.values(attributes).slice(1)].join(' ').trim(),
          typeof value === 'number' ? value : (value as Histogram).count,
        ]),
    );
  return { ...w, meter, all };
}

describe('metrics', () => {
  it('MT-01 count a time-out, an error and a success of one call', async () => {
    const { environment, clock, all, meter } = setUp();
    let runs = 0;
    const body = async (): Promise<string> => {
      runs += 1;
      if (runs === 1) return hangs();
      if (runs === 2) throw new E('no');
      return 'fine';
    };
    const call = guard(body, retry({ delay: 0, retryOn: [E, 'TIMEOUT'] }), timeout(500), { environment, name: 'Bank.charge' });
    expect(await clock.drive(call())).toEqual({ status: 'fulfilled', value: 'fine' });
    expect(all('ft.')).toEqual({
      'invocations.total valueReturned notDefined': 1,
      'retry.calls.total true valueReturned': 1,
      'retry.retries.total': 2,
      'timeout.calls.total true': 1,
      'timeout.calls.total false': 2,
      'timeout.executionDuration': 3,
    });
    const histogram = meter.snapshot().find(({ kind }) => kind === 'histogram') as Metric & { readonly value: Histogram };
    expect(histogram).toMatchObject({ unit: 'seconds', attributes: { method: 'Bank.charge' }, value: { sum: 0.5 } });
    expect(histogram.value.counts).toEqual([2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('tell the ends of a retry apart', async () => {
    const { environment, clock, all } = setUp();
    const failing = (...policies: Parameters<typeof retry>) =>
      guard(async () => Promise.reject(new E('no')), retry(...policies), { environment, name: 'Bank.charge' });
    await clock.drive(failing({ maxRetries: 2, retryOn: [E] })());
    await clock.drive(failing({ retryOn: ['OTHER'] })());
    await clock.drive(failing({ maxDuration: 101, delay: 100, jitter: 'none', retryOn: [E] })());
    expect(all('ft.retry.')).toEqual({
      'calls.total true maxRetriesReached': 1,
      'calls.total false exceptionNotRetryable': 1,
      'calls.total true maxDurationReached': 1,
      'retries.total': 3,
    });
  });

  it('FB-03 tell whether a fallback answered, and its answer is known as one all the same', async () => {
    const { environment, clock, all } = setUp();
    const body = async (name: string): Promise<string> => {
      if (name !== '') throw Object.assign(new E(name), { name });
      return 'fine';
    };
    const call = guard(body, fallback({ value: 'instead', skipOn: ['SKIPPED'] }), { environment });
    const answer = call('OTHER');
    expect(await answer).toBe('instead');
    expect(recoveryInfo(answer)).toMatchObject({ fallback: true });
    await clock.drive(call('SKIPPED'));
    await clock.drive(call(''));
    expect(all('ft.invocations.total')).toEqual({
      'valueReturned applied': 1,
      'exceptionThrown notApplied': 1,
      'valueReturned notApplied': 1,
    });
  });

  it('CB-15 count calls of a breaker, the time in its states, and each opening once', async () => {
    const { environment, clock, all, until } = setUp();
    const breaker = circuitBreaker({ requestVolumeThreshold: 4, delay: 1000 });
    let fails = true;
    const call = guard(async () => (fails ? Promise.reject(new E('no')) : 'fine'), breaker, { environment });
    await Promise.allSettled(Array.from({ length: 6 }, call));
    await clock.drive(call());
    await until(1500);
    fails = false;
    await clock.drive(call());
    await until(1700);
    expect(all('ft.circuitbreaker.')).toEqual({
      'calls.total success': 1,
      'calls.total failure': 6,
      'calls.total circuitBreakerOpen': 1,
      'opened.total': 1,
      'state.total closed': 200e6,
      'state.total open': 1500e6,
      'state.total halfOpen': 0,
      'state.current closed': 1,
      'state.current open': 0,
      'state.current halfOpen': 0,
    });
  });

  it.each(['attempt', 'invocation'] as const)('count who runs and who waits at a bulkhead for each %s', async (scope) => {
    const { environment, clock, all } = setUp();
    const ends: (() => void)[] = [];
    const call = guard(async () => new Promise<void>((resolve) => ends.push(resolve)), bulkhead({ value: 1, waitingTaskQueue: 2, scope }), {
      environment,
    });
    const caller = new AbortController();
    const calls = [call(), call(), call.with({ signal: caller.signal })(), call()].map((one) => watch(clock, one));
    await clock.drive(hangs(), 10);
    expect(all('ft.bulkhead.')).toEqual({
      'calls.total accepted': 1,
      'calls.total rejected': 1,
      executionsRunning: 1,
      executionsWaiting: 2,
    });
    caller.abort();
    clock.at = 2000;
    ends[0]?.();
    await clock.drive(hangs(), 2000);
    clock.at = 3000;
    ends[1]?.();
    await clock.drive(hangs(), 3000);
    expect(calls.map(({ at }) => at)).toEqual([2000, 3000, expect.any(Number), 0]);
    expect(all('ft.bulkhead.')).toEqual({
      'calls.total accepted': 3,
      'calls.total rejected': 1,
      executionsRunning: 0,
      executionsWaiting: 0,
      runningDuration: 2,
      waitingDuration: 2,
    });
  });

  it('count a place as taken until the body has settled, whatever its caller was told', async () => {
    const { environment, clock, all } = setUp();
    let end = (): void => {};
    const call = guard(async () => new Promise<void>((resolve) => (end = resolve)), bulkhead(1), timeout(100), { environment });
    expect(await clock.drive(call())).toMatchObject({ status: 'rejected' });
    expect(all('ft.bulkhead.executionsRunning')).toEqual({ '': 1 });
    end();
    await clock.drive(hangs(), 200);
    expect(all('ft.bulkhead.executionsRunning')).toEqual({ '': 0 });
    expect(all('ft.timeout.late')).toEqual({ '.total': 1 });
  });

  it('count what a rate limit lets through, and copies of hedged calls', async () => {
    const { environment, clock, all } = setUp();
    const limited = guard(async () => 1, rateLimit(2), { environment });
    for (let i = 0; i < 3; i++) await clock.drive(limited());
    expect(all('ft.ratelimit.calls.total')).toEqual({ permitted: 2, rejected: 1 });
    let runs = 0;
    const hedged = guard(async () => (++runs === 1 ? hangs() : 'fine'), hedge({ delay: 10, maxLoad: 1 }), { environment });
    await clock.drive(hedged());
    await clock.drive(hedged());
    expect(all('ft.hedge.calls.total')).toEqual({ 'true 2': 1, 'false 1': 1 });
  });

  it('RB-08 say when a budget was empty', async () => {
    const { environment, clock, all } = setUp();
    const budget = { begin: () => {}, take: () => -1, end: () => {} };
    await clock.drive(guard(async () => Promise.reject(new E('no')), retry({ retryOn: [E], budget }), { environment })());
    expect(all('ft.retry.')).toMatchObject({ 'budget.rejected.total': 1, 'calls.total false budget': 1 });
  });

  it('change nothing of what comes out, and stop when they are told to', async () => {
    const { environment, clock, all, meter, count } = setUp();
    const call = guard(async (n: number) => (n > 1 ? Promise.reject(new E('no')) : n), retry(0), circuitBreaker(), bulkhead(), {
      environment,
    });
    expect(await call(1)).toBe(1);
    const end = await clock.drive(call(2));
    expect((end as PromiseRejectedResult).reason).toBeInstanceOf(E);
    meter.stop();
    const [before, told] = [all('ft.'), count('call.ended')];
    expect(await call(1)).toBe(1);
    expect([all('ft.'), count('call.ended'), told]).toEqual([before, 2, 2]);
  });

  it('CX-01 run every body in the async context of its caller all the same', async () => {
    const { clock, environment } = setUp();
    const store = new AsyncLocalStorage<number>();
    const seen: (number | undefined)[] = [];
    const body = async (): Promise<void> => {
      await clock.sleep(1);
      seen.push(store.getStore());
    };
    const call = guard(body, bulkhead({ value: 2, waitingTaskQueue: 100 }), timeout('1m'), { environment });
    const calls = Array.from({ length: 20 }, (_, i) => store.run(i, call));
    await clock.drive(Promise.all(calls));
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
