import { describe, expect, it } from 'vitest';
import { RefusedError } from '../base/errors.js';
import { setUp } from './breaker.fixture.js';
import { bulkhead } from './bulkhead.js';
import { circuitBreaker } from './circuit-breaker.js';
import type { CircuitBreakerOptions } from './breaker.js';
import { CircuitOpenError } from './errors.js';
import { guard } from './guard.js';
import { timeout } from './timeout.js';
import { E, hangs, watch, world } from './world.fixture.js';

const deferred = () => {
  let settle!: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
};

describe('circuitBreaker', () => {
  it('CB-01 CB-02 opens at its share of failures in a full window, and tries again after its delay', async () => {
    const t = setUp({});
    expect(await t.calls('F F F F F')).toBe('F F F F open');
    expect(t.runs()).toBe(4);
    t.clock.at = 999;
    expect(await t.call('S')).toBe('open');
    t.clock.at = 1000;
    expect(await t.call('S')).toBe('S');
    expect(t.breaker.state()).toBe('closed');
    expect(t.events.map(({ name }) => name)).toEqual(['circuit.opened', 'circuit.halfOpen', 'circuit.closed']);
  });

  it('CB-03 looks at the last calls only', async () => {
    const t = setUp({ failureRatio: 0.5 });
    expect(await t.calls('S F S S F F')).toBe('S F S S F open');
    expect(t.runs()).toBe(5);
  });

  it('CB-04 opens at a success too, when it fills the window', async () => {
    expect(await setUp({}).calls('F F F S S')).toBe('F F F S open');
  });

  it('CB-05 starts with an empty window when it has closed', async () => {
    const t = setUp({});
    await t.calls('F F F F');
    t.clock.at = 1000;
    expect(await t.calls('S F F F F F')).toBe('S F F F F open');
  });

  it('CB-06 wants as many successes as it was told, and opens at one failure', async () => {
    const t = setUp({ successThreshold: 3 });
    await t.calls('F F F F');
    t.clock.at = 1000;
    expect(await t.calls('S S F S')).toBe('S S F open');
    t.clock.at = 2000;
    expect(await t.calls('S S S')).toBe('S S S');
    expect(t.breaker.state()).toBe('closed');
  });

  it('CB-09 lets no more than its probes through', async () => {
    const t = setUp({});
    await t.calls('F F F F');
    t.clock.at = 1000;
    t.setNext(hangs);
    void t.guarded();
    t.clock.at = 1001;
    expect(await t.call('S')).toBe('open');
    expect(t.runs()).toBe(5);
  });

  it('takes a probe that does not come back for a failure, and tries another one', async () => {
    const t = setUp({ halfOpenMaxDuration: 300 });
    await t.calls('F F F F');
    t.clock.at = 1000;
    const probe = deferred();
    t.setNext(() => probe.promise);
    const lost = watch(t.clock, t.guarded());
    t.clock.at = 1300;
    expect(await t.call('S')).toBe('open');
    expect(t.breaker.state()).toBe('open');
    probe.resolve('late');
    await t.clock.drive(Promise.resolve());
    expect(lost.value).toBe('late');
    expect(t.breaker.state()).toBe('open');
    t.clock.at = 2300;
    expect(await t.call('S')).toBe('S');
    expect(t.breaker.state()).toBe('closed');
  });

  it('CB-11 CB-12 gives the permit back of a probe that was cancelled, or says nothing', async () => {
    const t = setUp({ ignoreOn: ['Quiet'] });
    await t.calls('F F F F');
    t.clock.at = 1000;
    const abort = new AbortController();
    const probe = deferred();
    t.setNext(() => probe.promise);
    const cancelled = watch(t.clock, t.guarded.with(abort)());
    abort.abort(new Error('left'));
    probe.reject(abort.signal.reason);
    await t.clock.drive(Promise.resolve());
    expect(cancelled.error).toBe(abort.signal.reason);
    expect(t.breaker.state()).toBe('halfOpen');
    expect(await t.call(() => Promise.reject(Object.assign(new Error('x'), { name: 'Quiet' })))).toBe('F');
    expect(t.breaker.state()).toBe('halfOpen');
    expect(await t.call('S')).toBe('S');
  });

  it('CB-13 CB-30 a result of an earlier time changes nothing', async () => {
    for (const way of ['resolve', 'reject'] as const) {
      const t = setUp({});
      const slow = deferred();
      t.setNext(() => slow.promise);
      const x = watch(t.clock, t.guarded());
      await t.calls('F F F F');
      t.clock.at = 1000;
      expect(t.breaker.state()).toBe('halfOpen');
      slow[way]('X');
      await t.clock.drive(Promise.resolve());
      expect(way === 'resolve' ? x.value : x.error).toBe('X');
      expect(t.breaker.state()).toBe('halfOpen');
      expect(t.count('circuit.late')).toBe(1);
      expect(await t.call('S')).toBe('S');
    }
  });

  it('CB-15 opens once for many failures at once', async () => {
    const t = setUp({ requestVolumeThreshold: 5 });
    t.setNext(() => Promise.reject(new E('no')));
    await Promise.allSettled(Array.from({ length: 6 }, () => t.guarded()));
    t.clock.at = 1000;
    expect(await t.call('S')).toBe('S');
    expect([t.count('circuit.opened'), t.count('circuit.halfOpen'), t.count('circuit.late')]).toEqual([1, 1, 1]);
  });

  it('CB-16 CB-17 has a timer only while somebody listens', async () => {
    const silent = setUp({});
    await silent.calls('F F F F');
    expect(silent.clock.timers).toEqual([]);
    const heard = setUp({});
    const states: unknown[] = [];
    const off = heard.breaker.onState((state) => states.push([state, heard.clock.at]));
    await heard.calls('F F F F');
    await heard.until(1500);
    expect(states).toEqual([
      ['open', 0],
      ['halfOpen', 1000],
    ]);
    await heard.calls('F');
    off();
    expect(heard.clock.timers).toEqual([]);
  });

  it('CB-18 CB-19 is asked at each attempt, and ends them with its cause', async () => {
    const t = setUp({}, { maxRetries: 7, retryOn: [E], delay: 0 });
    t.setNext(() => Promise.reject(new E('no')));
    const end = await t.clock.drive(t.guarded());
    expect(t.runs()).toBe(4);
    expect((end as PromiseRejectedResult).reason).toMatchObject({ code: 'CIRCUIT_OPEN', state: 'open', retryAfter: 1000 });
    expect(((end as PromiseRejectedResult).reason as Error).cause).toBeInstanceOf(E);
    const few = setUp({}, { maxRetries: 2, retryOn: [E], delay: 0 });
    expect(await few.call('F')).toBe('F');
    expect(few.runs()).toBe(3);
  });

  it('CB-20 CB-21 is waited for by who asks for it, and by nobody else', async () => {
    const t = setUp({}, { maxRetries: 20, retryOn: ['CircuitOpenError'], delay: 100 });
    await t.calls('F F F F');
    const from = t.clock.at;
    t.setNext(() => 'yes');
    expect(await t.clock.drive(t.guarded())).toEqual({ status: 'fulfilled', value: 'yes' });
    expect(t.clock.at - from).toBe(1000);
    expect(t.runs()).toBe(5);
    const silent = setUp({}, {});
    await silent.calls('F F F F');
    expect(await silent.call('S')).toBe('open');
    expect(silent.clock.at).toBe(0);
  });

  it('CB-23 goes by the clock that never goes back', async () => {
    const t = setUp({});
    await t.calls('F F F F');
    t.clock.now = () => t.clock.at - 3_600_000;
    t.clock.at = 1000;
    expect(t.breaker.state()).toBe('halfOpen');
  });

  it('CB-24 looks at a time', async () => {
    for (const [at, state] of [
      [10_999, 'closed'],
      [9_999, 'open'],
    ] as const) {
      const t = setUp({ window: 'time', samplingDuration: 10_000, requestVolumeThreshold: 10, failureRatio: 0.5, delay: 60_000 });
      await t.calls('F F F F F F F F F');
      expect(t.breaker.state()).toBe('closed');
      t.clock.at = at;
      await t.call('F');
      expect(t.breaker.state()).toBe(state);
    }
  });

  it('counts failures in a row', async () => {
    const t = setUp({ window: 'consecutive', requestVolumeThreshold: 3 });
    expect(await t.calls('F F S F F F S')).toBe('F F S F F F open');
  });

  it('opens at its exact share, whatever the computer makes of the fraction', async () => {
    const t = setUp({ requestVolumeThreshold: 100, failureRatio: 0.07 });
    await t.calls(Array.from({ length: 100 }, (_, i) => (i < 93 ? 'S' : 'F')).join(' '));
    expect(t.breaker.state()).toBe('open');
  });

  it('has windows of any size', async () => {
    for (const requestVolumeThreshold of [30, 31, 100]) {
      const t = setUp({ requestVolumeThreshold, failureRatio: 1 });
      await t.calls(Array.from({ length: requestVolumeThreshold }, (_, i) => (i === 0 ? 'S' : 'F')).join(' '));
      expect(t.breaker.state()).toBe('closed');
      await t.call('F');
      expect(t.breaker.state()).toBe('open');
    }
  });

  it('tells failures from what says nothing, and from what is as good as a success', async () => {
    class Declined extends RefusedError {}
    class Busy extends E {}
    const judged = async (error: unknown, options: CircuitBreakerOptions = {}): Promise<string> => {
      const t = setUp({ requestVolumeThreshold: 2, failureRatio: 0.5, ...options });
      await t.call(() => Promise.reject(error as Error));
      const after = await t.call('S');
      if (t.breaker.state() === 'open') return 'failure';
      await t.call('F');
      return t.breaker.state() === 'open' && after === 'S' ? 'counted or not' : 'other';
    };
    expect(await judged(new E('no'))).toBe('failure');
    expect(await judged(undefined)).toBe('failure');
    expect(await judged(new Declined('no'))).not.toBe('failure');
    expect(await judged(new Declined('no'), { failOn: [Declined] })).toBe('failure');
    expect(await judged(new Busy('no'), { skipOn: [Busy] })).not.toBe('failure');
    expect(await judged(new Busy('no'), { failOn: [RangeError] })).not.toBe('failure');
    expect(await judged(new Busy('no'), { ignoreOn: [Busy], failOn: [E] })).not.toBe('failure');
  });

  it('counts a time-out of the body, and neither a full bulkhead nor a wait for it', async () => {
    const { clock, environment, until } = world();
    const breaker = circuitBreaker({ requestVolumeThreshold: 2, failureRatio: 0.1 });
    const guarded = guard(hangs, breaker, bulkhead({ value: 1, waitingTaskQueue: 1 }), timeout(100), { environment });
    for (let i = 0; i < 5; i++) watch(clock, guarded());
    await until(100);
    watch(clock, guarded());
    await until(250);
    expect(breaker.state()).toBe('closed');
    const alone = guard(hangs, breaker, timeout(100), { environment });
    watch(clock, alone());
    await until(400);
    expect(breaker.state()).toBe('open');
  });

  it('CB-27 has a circuit for each key, and forgets open ones last', async () => {
    const t = setUp({ key: (host?: string) => String(host), maxKeys: 2, requestVolumeThreshold: 1 });
    expect([await t.call('F', 'a'), await t.call('S', 'b'), await t.call('F', 'a')]).toEqual(['F', 'S', 'open']);
    await t.call('S', 'b');
    await t.call('S', 'c');
    expect([t.breaker.state('a'), await t.call('S', 'a')]).toEqual(['open', 'open']);
  });

  it('is shared by the functions that it is given to', async () => {
    const { clock, environment } = world();
    const breaker = circuitBreaker({ requestVolumeThreshold: 1 });
    const failing = guard(async () => Promise.reject(new E('no')), breaker, { environment });
    const other = guard(async () => 1, breaker, { environment });
    await clock.drive(failing());
    await expect(other()).rejects.toBeInstanceOf(CircuitOpenError);
  });

  it('CB-29 is isolated until everybody has let go', async () => {
    const t = setUp({});
    const [one, two] = [t.breaker.isolate(), t.breaker.isolate()];
    expect(await t.call('S')).toBe('open');
    one.dispose();
    one.dispose();
    expect(await t.call('S')).toBe('open');
    two.dispose();
    expect(await t.call('S')).toBe('S');
  });
});
