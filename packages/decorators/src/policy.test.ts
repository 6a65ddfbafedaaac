import { currentSignal, guard, recoveryInfo, retry as guardedRetry } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Bulkhead, CircuitBreaker, Fallback, RateLimit, redress, Retry, Saga, step, Timeout } from './index.js';
import type { App } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class Busy extends Error {}
const hangs = (): Promise<never> => new Promise(() => {});
/** Stops when it is told to. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

type Decorator = (target: object, key: string, descriptor: PropertyDescriptor) => void;

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [[...all]];
  return all.flatMap((one, i) => permutations([...all.slice(0, i), ...all.slice(i + 1)]).map((rest) => [one, ...rest]));
}

describe('policies at a method', () => {
  it('CO-01 are the same in each of the 720 orders of six decorators', async () => {
    const seen = new Set<string>();
    const decorators = [
      Retry({ maxRetries: 5, delay: 0, retryOn: [Busy], budget: false }),
      CircuitBreaker({ requestVolumeThreshold: 4, delay: '1h' }),
      Bulkhead({ value: 1, waitingTaskQueue: 0 }),
      RateLimit({ value: 3, window: '1h' }),
      Timeout('1m'),
      Fallback((bank: { instead(a: number, error: unknown): unknown }) => bank.instead),
    ] as unknown as readonly Decorator[];
    for (const order of permutations(decorators)) {
      class Bank {
        runs = 0;
        async charge(_sum: number): Promise<unknown> {
          this.runs += 1;
          throw new Busy('no');
        }
        async instead(sum: number, error: unknown): Promise<unknown> {
          return [sum, (error as Error).name];
        }
      }
      for (const decorate of order) {
        const descriptor = Object.getOwnPropertyDescriptor(Bank.prototype, 'charge') as PropertyDescriptor;
        decorate(Bank.prototype, 'charge', descriptor);
        Object.defineProperty(Bank.prototype, 'charge', descriptor);
      }
      const bank = new Bank();
      seen.add(JSON.stringify([await bank.charge(7), await bank.charge(8), bank.runs]));
    }
    expect([...seen]).toEqual(['[[7,"RateLimitedError"],[8,"RateLimitedError"],3]']);
  });

  it('CO-04 apply to calls of this.other() too', async () => {
    class Bank {
      runs = 0;
      async twice(): Promise<unknown> {
        return this.charge();
      }
      @Fallback({ value: 'instead' })
      @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy] })
      async charge(): Promise<unknown> {
        this.runs += 1;
        throw new Busy('no');
      }
    }
    const bank = new Bank();
    expect([await bank.twice(), bank.runs]).toEqual(['instead', 2]);
  });

  it('CB-26 DI-02 count for one class and one runtime', async () => {
    class Base {
      @CircuitBreaker({ requestVolumeThreshold: 2 })
      async call(): Promise<unknown> {
        throw new Busy('no');
      }
    }
    class One extends Base {}
    class Two extends Base {}
    const names = async (service: Base): Promise<string[]> => {
      const seen: string[] = [];
      for (let i = 0; i < 3; i++) await service.call().catch((error: Error) => seen.push(error.name));
      return seen;
    };
    const expected = ['Error', 'Error', 'CircuitOpenError'];
    const one = new One();
    expect([await names(one), await names(new Two())]).toEqual([expected, expected]);
    expect(await names(new One())).toEqual(['CircuitOpenError', 'CircuitOpenError', 'CircuitOpenError']);
    await open(one);
    expect(await names(one)).toEqual(expected);
  });

  it('give the body of each attempt its own signal', async () => {
    const signals: AbortSignal[] = [];
    class Bank {
      @Timeout(5)
      @Retry({ maxRetries: 1, delay: 0 })
      async charge(): Promise<unknown> {
        expect(currentSignal()).toBe(step().signal);
        await Promise.resolve();
        signals.push(step().signal);
        return untilAborted(step().signal);
      }
    }
    await expect(new Bank().charge()).rejects.toMatchObject({ code: 'TIMEOUT', details: { operation: 'Bank.charge' } });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(signals[0]).not.toBe(signals[1]);
  });

  it('of a call within a call that repeats apply, but for the repetitions', async () => {
    class Stock {
      runs = 0;
      @Timeout(5)
      @Retry({ maxRetries: 5, delay: 0 })
      async reserve(): Promise<unknown> {
        this.runs += 1;
        return hangs();
      }
    }
    class Orders {
      constructor(readonly stock: Stock) {}
      @Retry({ maxRetries: 1, delay: 0 })
      async place(): Promise<unknown> {
        await Promise.resolve();
        return this.stock.reserve();
      }
    }
    const stock = new Stock();
    await expect(new Orders(stock).place()).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(stock.runs).toBe(2);
  });

  it('of a guarded function leave the repetitions to the method around it, wherever it is called', async () => {
    let runs = 0;
    const inner = guard(
      async () => {
        runs += 1;
        throw Object.assign(new Busy('no'), { code: 'ECONNRESET' });
      },
      guardedRetry({ maxRetries: 5, delay: 0 }),
    );
    class Stock {
      calls = 0;
      @Retry({ maxRetries: 2, delay: 0 })
      async reserve(): Promise<unknown> {
        this.calls += 1;
        await Promise.resolve();
        return inner();
      }
    }
    const stock = new Stock();
    await expect(stock.reserve()).rejects.toThrow('no');
    expect([stock.calls, runs]).toEqual([3, 3]);
  });

  it('RT-28 of a method and of the one that it calls by super are one', async () => {
    class Base {
      runs = 0;
      @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy] })
      async call(): Promise<unknown> {
        this.runs += 1;
        throw new Busy('no');
      }
    }
    class Derived extends Base {
      @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy] })
      override async call(): Promise<unknown> {
        return super.call();
      }
    }
    const derived = new Derived();
    await expect(derived.call()).rejects.toThrow('no');
    expect(derived.runs).toBe(2);
  });

  it('call an overridden fallback, and tell of its answer', async () => {
    class Bank {
      @Fallback((bank: Bank) => bank.estimate)
      async rate(_currency: string): Promise<object> {
        throw new Busy('no');
      }
      protected async estimate(currency: string, error: Error): Promise<object> {
        return { currency, error };
      }
    }
    class Branch extends Bank {
      protected override async estimate(currency: string): Promise<object> {
        return { currency, from: 'branch' };
      }
    }
    const answer = await new Branch().rate('EUR');
    expect(answer).toEqual({ currency: 'EUR', from: 'branch' });
    expect(recoveryInfo(answer)).toMatchObject({ fallback: true, errors: [expect.any(Busy)] });
    expect(await new Bank().rate('EUR')).toMatchObject({ currency: 'EUR', error: expect.any(Busy) });
  });

  it('say at definition, or at the start, what does not fit', async () => {
    expect(() => {
      class Bank {
        @Timeout({ multiplier: 0 })
        async charge(): Promise<void> {}
      }
      return Bank;
    }).toThrow(/Bank\.charge, @Timeout\(\{ multiplier \}\), multiplier/);
    class Twice {
      @Bulkhead(1)
      @Bulkhead(2)
      @Fallback((bank: Twice) => bank.missing)
      async charge(): Promise<void> {}
      missing!: () => unknown;
    }
    const problems = [/Twice\.charge: It has @Bulkhead\(2\) and @Bulkhead\(1\)/, /leads to no method/];
    for (const one of problems) {
      await expect(new Twice().charge()).rejects.toThrow(one);
      await expect(open(new Twice())).rejects.toThrow(one);
    }
    class Placed {
      @Saga()
      @Timeout(5)
      async place(): Promise<void> {}
    }
    await expect(open(new Placed())).rejects.toThrow(/@Saga stands with @Timeout\(5\)/);
  });
});
