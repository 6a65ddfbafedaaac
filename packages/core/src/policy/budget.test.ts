import { describe, expect, it } from 'vitest';
import { retryBudget } from './budget.js';
import type { RetryBudget, RetryBudgetOptions } from './budget.js';
import { guard } from './guard.js';
import { recoveryInfo } from './info.js';
import { retry } from './retry.js';
import { E, reset, world } from './world.fixture.js';

const throttled = (): Error => Object.assign(new Error('slow down'), { status: 429 });

/** How many repetitions a number of failing calls have made. */
async function repetitions(budget: RetryBudget, calls: number, error: () => Error = reset): Promise<number> {
  const { clock, environment } = world();
  let runs = 0;
  const guarded = guard(
    async () => {
      runs += 1;
      throw error();
    },
    retry({ maxRetries: 1, delay: 0, budget }),
    { environment },
  );
  await clock.drive(Promise.allSettled(Array.from({ length: calls }, () => guarded())));
  return runs - calls;
}

describe('retry budgets', () => {
  it('RB-01 throttle: four repetitions, then none until successes have come', async () => {
    const budget = retryBudget({ algorithm: 'throttle' });
    expect(await repetitions(budget, 100)).toBe(4);
    for (let i = 0; i < 71; i++) budget.end(true, 0);
    expect(await repetitions(budget, 100)).toBe(2);
  });

  it('RB-03 ratio: a reserve of 100, then one for five calls', async () => {
    expect(await repetitions(retryBudget({ percent: 0 }), 500)).toBe(100);
    expect(await repetitions(retryBudget(), 500)).toBe(200);
    expect(await repetitions(retryBudget({ minPerSecond: 0 }), 500)).toBe(100);
  });

  it('ratio: what was taken is there again after its time', () => {
    const budget = retryBudget();
    const take = (at: number): number => {
      let taken = 0;
      while (budget.take('transient', at) > 0) taken += 1;
      return taken;
    };
    expect([take(0), take(9_999), take(11_000), take(1_000_000)]).toEqual([100, 0, 100, 100]);
  });

  it('RB-04 RB-05 RB-06 quota: costs by the kind of failure, and successes give back', async () => {
    const quota = (): RetryBudget => retryBudget({ algorithm: 'quota' });
    expect(await repetitions(quota(), 100)).toBe(35);
    expect(await repetitions(quota(), 200, throttled)).toBe(100);
    const budget = quota();
    expect(await repetitions(budget, 35)).toBe(35);
    budget.end(true, 0);
    expect(budget.take('transient', 0)).toBe(-1);
    for (let i = 0; i < 3; i++) budget.end(true, 0);
    expect(budget.take('transient', 0)).toBe(14);
    budget.end(true, 14);
    expect(budget.take('transient', 0)).toBe(14);
  });

  it('RB-07 concurrent: a fifth of what is under way, and three at least', async () => {
    for (const [calls, expected] of [
      [100, 20],
      [4, 3],
    ] as const) {
      const { clock, environment } = world();
      let repeating = 0;
      let most = 0;
      const budget = retryBudget({ algorithm: 'concurrent' });
      const guarded = guard(
        async (state: { runs: number }) => {
          if (state.runs++ === 0) throw reset();
          most = Math.max(most, (repeating += 1));
          await clock.sleep(1000);
          repeating -= 1;
        },
        retry({ delay: 10, budget, jitter: 'none' }),
        { environment },
      );
      await clock.drive(Promise.allSettled(Array.from({ length: calls }, () => guarded({ runs: 0 }))));
      expect(most).toBe(expected);
      expect(await repetitions(budget, 3)).toBe(3);
    }
  });

  it('concurrent: a call that has failed is not under way any more', async () => {
    const budget = retryBudget({ algorithm: 'concurrent' });
    await repetitions(budget, 100);
    expect(Array.from({ length: 4 }, () => budget.take('transient', 0))).toEqual([1, 1, 1, -1]);
  });

  it('RB-08 an empty budget ends a call at once with its own error', async () => {
    const { clock, environment, events } = world();
    const error = reset();
    const guarded = guard(async () => Promise.reject(error), retry({ budget: retryBudget({ minPerSecond: 0 }) }), { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'rejected', reason: error });
    expect(clock.at).toBe(0);
    expect(recoveryInfo(error)).toEqual({ attempts: 1, reason: 'budget', errors: [error] });
    expect(events).toMatchObject([{ name: 'retry.ended', details: { reason: 'budget' } }]);
  });

  it('RB-09 errors that will not pass cost nothing', async () => {
    const budget = retryBudget({ algorithm: 'throttle' });
    await repetitions(budget, 50, () => new E('no'));
    expect(await repetitions(budget, 100)).toBe(4);
  });

  it('is shared by the methods of a class by default, and not with others', async () => {
    const { clock, environment } = world();
    let runs = 0;
    const calls = async (name: string, more = {}): Promise<number> => {
      runs = 0;
      const body = async (): Promise<never> => {
        runs += 1;
        throw reset();
      };
      const guarded = guard(body, retry({ maxRetries: 1000, delay: 0, ...more }), { environment, name });
      await clock.drive(guarded());
      return runs;
    };
    expect(await calls('Bank.charge')).toBe(101);
    expect(await calls('Bank.refund')).toBe(1);
    expect(await calls('Stock.reserve')).toBe(101);
    expect(await calls('Bank.charge', { budget: false })).toBe(1001);
  });

  it.each([{ percent: -1 }, { algorithm: 'quota', percent: 1 }, { algorithm: 'none' }])('refuses %j', (wrong) => {
    expect(() => retryBudget(wrong as RetryBudgetOptions)).toThrow(/retryBudget/);
    expect(() => retry({ budget: wrong as unknown as RetryBudget })).toThrow(/budget/);
  });
});
