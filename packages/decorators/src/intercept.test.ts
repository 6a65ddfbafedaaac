import { currentSignal } from '@redress/core';
import type { Call, Interceptor } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Fallback, Hedge, Intercept, Redundant, Retry, Timeout } from './index.js';

class Busy extends Error {}

describe('interceptors and copies at a method', () => {
  it('CO-02 stand outside of all policies, or around each attempt, in the order in which they are written', async () => {
    const log: string[] = [];
    const noting =
      (what: string): Interceptor =>
      async (call: Call, next) => {
        await Promise.resolve();
        log.push(`${what} ${call.operation} ${call.attempt}`);
        return next();
      };
    class Bank {
      @Intercept(noting('late'), { scope: 'attempt' })
      @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy], budget: false })
      @Intercept(noting('early'))
      @Fallback({ value: 'instead' })
      @Intercept(noting('early too'))
      @Intercept(noting('late too'), { scope: 'attempt' })
      @Timeout('1m')
      async charge(): Promise<string> {
        log.push(`body ${currentSignal().aborted}`);
        throw new Busy('no');
      }
    }
    expect(await new Bank().charge()).toBe('instead');
    const attempt = (n: number): string[] => [`late Bank.charge ${n}`, `late too Bank.charge ${n}`, 'body false'];
    expect(log).toEqual(['early Bank.charge 1', 'early too Bank.charge 1', ...attempt(1), ...attempt(2)]);
  });

  it('CO-03 are refused at the definition when both a hedge and a vote would make copies', () => {
    const both = /Bank\.charge: It has @Hedge\(\) and @Redundant\(3\), and both make copies of a call/;
    expect(() => {
      class Bank {
        @Hedge()
        @Redundant(3)
        async charge(): Promise<void> {}
      }
      return Bank;
    }).toThrow(both);
    expect(() => {
      class Bank {
        @Redundant(3)
        @Hedge()
        async charge(): Promise<void> {}
      }
      return Bank;
    }).toThrow(both);
    @Hedge()
    class Whole {
      @Redundant(3)
      async charge(): Promise<void> {}
    }
    return expect(new Whole().charge()).rejects.toThrow(/Whole\.charge: It has @Hedge\(\) and @Redundant\(3\)/);
  });
});
