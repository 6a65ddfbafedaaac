import { BadResultError, ConfigurationError, recoveryInfo, RepairFailedError, TerminalError, TimeoutError } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { CircuitBreaker, Detect, Fallback, Recover, redress, Repair, Retry, Timeout } from './index.js';
import type { App } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class InvalidDataError extends Error {}
class ServiceUnavailable extends Error {}
const hangs = (): Promise<never> => new Promise(() => {});
const rejection = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('@Detect and @Repair', () => {
  class Sums {
    readonly seen: unknown[][] = [];
    told = '';

    @Repair({ on: InvalidDataError, with: (sums: Sums) => sums.sanitize })
    async sum(items: unknown[]): Promise<number> {
      this.seen.push([...items]);
      if (items.some((one) => typeof one !== 'number')) throw new InvalidDataError('no number');
      return (items as number[]).reduce((all, one) => all + one, 0);
    }

    protected async sanitize(items: unknown[], error: InvalidDataError): Promise<[unknown[]]> {
      this.told = error.message;
      return [items.splice(0).filter((one) => typeof one === 'number')];
    }
  }

  it('RP-01 calls the method again with what the repair answers, and the array of the caller stays as it is', async () => {
    const items = [1, 'x', 2];
    const sums = new Sums();
    const answer = sums.sum(items);
    expect([await answer, items]).toEqual([3, [1, 'x', 2]]);
    expect(sums.told).toBe('no number');
    expect(sums.seen).toEqual([
      [1, 'x', 2],
      [1, 2],
    ]);
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 2, repaired: true });
  });

  it('calls an override of the repair', async () => {
    class More extends Sums {
      protected override async sanitize(): Promise<[unknown[]]> {
        return [[42]];
      }
    }
    expect(await new More().sum(['x'])).toBe(42);
  });

  it('RP-02 RP-04 shares the attempts with @Retry, and a repair that throws is told to the fallback', async () => {
    class Bank {
      runs = 0;
      @Fallback((bank: Bank) => bank.instead)
      @Repair({ on: InvalidDataError, with: (bank: Bank) => bank.mend, maxRepairs: 9 })
      @Retry({ maxRetries: 3, delay: 0 })
      async charge(sum: number): Promise<unknown> {
        this.runs += 1;
        throw new InvalidDataError(`${sum}`);
      }
      protected mend(sum: number): [number] {
        if (sum > 100) throw new Error('too much');
        return [sum + 1];
      }
      protected async instead(sum: number, error: Error): Promise<unknown> {
        return [sum, error.name, (error.cause as Error | undefined)?.message];
      }
    }
    const bank = new Bank();
    expect([await bank.charge(7), bank.runs]).toEqual([[7, 'Error', undefined], 4]);
    expect([await bank.charge(99), bank.runs]).toEqual([[99, 'RepairFailedError', '101'], 7]);
  });

  it('RP-03 RP-05 a repaired answer is looked at too, and bad answers open the circuit', async () => {
    class Rates {
      mended = 1;
      @Detect((rate: number) => rate > 0)
      @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
      @Repair({ on: BadResultError, then: 'continue', with: (rates: Rates) => rates.mend })
      async today(_currency: string): Promise<number> {
        return -1;
      }
      protected async mend(_currency: string, error: BadResultError): Promise<number> {
        return this.mended * -(error.result as number);
      }
    }
    const rates = new Rates();
    const answer = rates.today('EUR');
    expect(await answer).toBe(1);
    expect(recoveryInfo(answer)).toMatchObject({ repaired: true, attempts: 1 });
    rates.mended = -1;
    expect(await rejection(rates.today('EUR'))).toBeInstanceOf(RepairFailedError);
    expect(await rejection(rates.today('EUR'))).toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  it('are refused at the start when the repair is no method, or an option does not fit', async () => {
    class Lost {
      @Repair({ on: Error, with: () => (): undefined => undefined })
      async call(): Promise<void> {}
    }
    await expect(open(new Lost())).rejects.toThrow(/Lost.call: the reference .* is no method of Lost/);
    expect(() => Detect({ check: () => true, timeout: -1 })({}, 'call' as never, { value: async () => {} } as never)).toThrow(
      ConfigurationError,
    );
  });
});

describe('@Recover', () => {
  class Quotes {
    constructor(readonly ends: (() => unknown)[]) {}
    readonly texts: string[] = [];

    @Timeout(20)
    @Recover(
      [
        { on: TimeoutError, action: 'retry', maxRetries: 2, delay: 0, multiplier: 1000 },
        { on: InvalidDataError, action: 'repair', with: (quotes: Quotes) => quotes.sanitize },
        { on: ServiceUnavailable, action: 'fallback', method: (quotes: Quotes) => quotes.other },
        { on: TerminalError, action: 'abort' },
      ],
      { action: 'degrade', method: (quotes: Quotes) => quotes.less },
    )
    async quote(text: string): Promise<unknown> {
      this.texts.push(text);
      return this.ends.shift()?.();
    }

    protected async sanitize(text: string): Promise<[string]> {
      return [text.trim()];
    }
    protected async other(text: string, error: Error): Promise<string> {
      return `other ${text}: ${error.message}`;
    }
    protected less(_text: string, error: Error): string {
      return `less: ${error.message}`;
    }
  }
  const fails = (error: Error) => () => Promise.reject(error);

  it('RP-07 retries with a longer time-out, sanitises, asks another service, degrades, and aborts', async () => {
    const slow = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('slow'), 60));
    const ask = async (...ends: (() => unknown)[]): Promise<unknown> => {
      const quotes = new Quotes(ends);
      const answer = quotes.quote(' a ');
      return [await rejection(answer), quotes.texts, recoveryInfo(answer)?.degraded ?? false, recoveryInfo(answer)?.fallback ?? false];
    };
    expect(await ask(hangs, slow)).toEqual(['slow', [' a ', ' a '], false, false]);
    expect(await ask(fails(new InvalidDataError('x')), () => 'clean')).toEqual(['clean', [' a ', 'a'], false, false]);
    expect(await ask(fails(new ServiceUnavailable('x')))).toEqual(['other  a : x', [' a '], false, true]);
    expect(await ask(fails(new Error('what')))).toEqual(['less: what', [' a '], true, true]);
    const stop = new TerminalError('stop');
    expect(await ask(fails(stop))).toEqual([stop, [' a '], false, false]);
  });

  it('is refused at the start when there is no time-out that could be longer', async () => {
    class Timeless {
      @Recover([{ on: Error, action: 'retry', multiplier: 2 }])
      async call(): Promise<void> {}
    }
    await expect(open(new Timeless())).rejects.toThrow(/Timeless.call: .*multiplier.*Add @Timeout/);
  });

  it('owns the repetitions of calls within, behind an await too', async () => {
    class Inner {
      runs = 0;
      @Retry({ maxRetries: 2, delay: 0, budget: false })
      async call(): Promise<void> {
        this.runs += 1;
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      }
    }
    class Outer {
      readonly inner = new Inner();
      @Recover([{ on: 'ECONNRESET', action: 'retry', maxRetries: 2, delay: 0 }])
      async call(): Promise<void> {
        await Promise.resolve();
        await this.inner.call();
      }
    }
    const outer = new Outer();
    await rejection(outer.call());
    expect(outer.inner.runs).toBe(3);
  });
});
