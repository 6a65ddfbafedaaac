import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import type { Call } from '../base/interceptor.js';
import { currentSignal } from './call.js';
import { circuitBreaker } from './circuit-breaker.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import type { HedgeOptions } from './race.js';
import { recoveryInfo } from './info.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

function setUp(options: HedgeOptions, body: (n: number, signal: AbortSignal) => unknown) {
  const w = world();
  const starts: number[] = [];
  const guarded = guard(
    () => {
      starts.push(w.clock.at);
      return body(starts.length, currentSignal());
    },
    hedge(options),
    { environment: w.environment },
  );
  return { ...w, starts, guarded };
}

describe('hedge', () => {
  it('HG-01 begins a copy after each delay, up to its number', async () => {
    const t = setUp({ delay: 500, maxHedges: 3 }, hangs);
    void t.guarded();
    await t.until(10_000);
    expect(t.starts).toEqual([0, 500, 1000, 1500]);
    expect(t.count('hedge.started')).toBe(3);
  });

  it('HG-02 HG-11 takes the first answer at once, and gives the others up', async () => {
    const signals: AbortSignal[] = [];
    const t = setUp({ delay: 500, maxHedges: 3 }, (n, signal) => {
      signals.push(signal);
      return n === 2 ? t.clock.sleep(200).then(() => 'second') : hangs();
    });
    const outcome = watch(t.clock, t.guarded());
    await t.until(10_000);
    expect(outcome).toEqual({ value: 'second', at: 700 });
    expect(t.starts).toEqual([0, 500]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(t.clock.timers).toEqual([]);
  });

  it('HG-03 HG-04 answers a failure that may pass with a copy, and any other ends the call', async () => {
    const passing = setUp({ delay: 500 }, (n) => (n === 1 ? passing.clock.sleep(100).then(() => Promise.reject(reset())) : 'second'));
    const one = watch(passing.clock, passing.guarded());
    await passing.until(1000);
    expect([one.value, one.at, passing.starts]).toEqual(['second', 100, [0, 100]]);
    const error = new E('no');
    const signals: AbortSignal[] = [];
    const lasting = setUp({ delay: 50 }, (n, signal) => {
      signals.push(signal);
      return n === 1 ? lasting.clock.sleep(100).then(() => Promise.reject(error)) : hangs();
    });
    const two = watch(lasting.clock, lasting.guarded());
    await lasting.until(1000);
    expect([two.error, two.at]).toEqual([error, 100]);
    expect(signals[1]?.aborted).toBe(true);
  });

  it('HG-05 gives the error of the first when all have failed', async () => {
    const errors = [reset(), reset()];
    const t = setUp({ delay: 10 }, (n) => t.clock.sleep(100).then(() => Promise.reject(errors[n - 1])));
    expect(await t.clock.drive(t.guarded())).toEqual({ status: 'rejected', reason: errors[0] });
    expect(t.clock.at).toBe(110);
    expect(recoveryInfo(errors[0])).toEqual({ attempts: 2, errors });
  });

  it('HG-07 begins a copy only for one that has failed', async () => {
    let running = 0;
    const t = setUp({ delay: -1, maxHedges: 2 }, async (n) => {
      expect((running += 1)).toBe(1);
      await t.clock.sleep(5000);
      running -= 1;
      if (n < 3) throw reset();
      return n;
    });
    expect(await t.clock.drive(t.guarded())).toEqual({ status: 'fulfilled', value: 3 });
  });

  it('HG-08 disposes of what comes too late', async () => {
    const disposed: number[] = [];
    const t = setUp({ delay: 10 }, async (n) => {
      await t.clock.sleep(n === 1 ? 100 : 50);
      return { n, [Symbol.dispose]: () => void disposed.push(n) };
    });
    expect(await t.clock.drive(t.guarded())).toMatchObject({ value: { n: 2 } });
    await t.until(1000);
    expect(disposed).toEqual([1]);
  });

  it('HG-09 finds the delay that one call of twenty exceeds', async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const t = setUp({ maxLoad: 1 }, () => t.clock.sleep(1 + random() * 99));
    for (let i = 0; i < 1000; i++) await t.clock.drive(t.guarded());
    expect(t.count('hedge.started')).toBeGreaterThanOrEqual(30);
    expect(t.count('hedge.started')).toBeLessThanOrEqual(70);
  });

  it('HG-10 keeps to its part of the calls', async () => {
    const t = setUp({ delay: 10 }, () => t.clock.sleep(100));
    for (let i = 0; i < 1000; i++) await t.clock.drive(t.guarded());
    expect(t.count('hedge.started')).toBeLessThanOrEqual(51);
    expect(t.count('hedge.started')).toBeGreaterThanOrEqual(49);
  });

  it('passes the breaker with each copy, and one that was given up says nothing', async () => {
    const { clock, environment, until } = world();
    const breaker = circuitBreaker({ requestVolumeThreshold: 1 });
    const body = (): Promise<unknown> => {
      const signal = currentSignal();
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new E('stopped')));
        clock.setTimer(100, () => resolve('yes'));
      });
    };
    const guarded = guard(body, hedge({ delay: 10 }), breaker, { environment });
    const outcome = watch(clock, guarded());
    await until(1000);
    expect(outcome.value).toBe('yes');
    expect(breaker.state()).toBe('closed');
  });

  it('tells whoever keeps a record that a copy which was given up may have done something', async () => {
    const { clock, environment } = world();
    const told: unknown[] = [];
    const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, onAttemptFailed: (error) => told.push(error) };
    let n = 0;
    const body = (): Promise<unknown> => (n++ === 0 ? hangs() : Promise.resolve('second'));
    expect(await clock.drive(hedge({ delay: 10 }, environment)(call, body))).toEqual({ status: 'fulfilled', value: 'second' });
    expect(told).toMatchObject([{ name: 'AbortError' }]);
  });

  it('makes no copy of a call that must not be repeated', async () => {
    const { clock, environment } = world();
    let n = 0;
    const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, repeatable: false };
    const body = (): Promise<unknown> => {
      n += 1;
      return clock.sleep(100);
    };
    await clock.drive(hedge({ delay: 10 }, environment)(call, body));
    expect(n).toBe(1);
  });

  it('begins each copy in the async context of its caller', async () => {
    const { clock, environment } = world();
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const call = guard(
      () => {
        seen.push(context.getStore());
        return seen.length === 3 ? Promise.resolve() : hangs();
      },
      hedge({ delay: 10, maxHedges: 2, maxLoad: 1 }),
      { environment },
    );
    await clock.drive(context.run('mine', () => call()));
    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });
});
