import { ConfigurationError } from '@redress/core';
import type { Problem } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Bulkhead, CircuitBreaker, Fallback, Hedge, RateLimit, redress, Retry, Timeout } from './index.js';
import type { App, Configuration } from './index.js';

const apps: App[] = [];
const open = async (configuration: Configuration, ...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, configuration, worker: false });
  apps.push(app);
  return app;
};
const problemsOf = async (configuration: Configuration, ...instances: object[]): Promise<readonly Problem[]> => {
  const error = await open(configuration, ...instances).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ConfigurationError ? error.problems : [];
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class Busy extends Error {}

class Counted {
  runs = 0;
  protected fail(): never {
    this.runs += 1;
    throw new Busy('no');
  }
}

/** A class of its own each time: what was counted for one runtime is not asked for. */
function bank() {
  class Bank extends Counted {
    @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy], budget: false })
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
    async charge(): Promise<unknown> {
      return this.fail();
    }
    @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy], budget: false })
    @Fallback({ value: 'instead' })
    async rate(): Promise<unknown> {
      return this.fail();
    }
  }
  return new Bank();
}

async function runsOf(call: () => Promise<unknown>, service: Counted): Promise<number> {
  const before = service.runs;
  await call().catch(() => undefined);
  return service.runs - before;
}

describe('a configuration', () => {
  it('CF-01 takes the most special of three keys', async () => {
    const [all, ofClass, ofMethod] = [{ 'Retry/maxRetries': 5 }, { 'Bank/Retry/maxRetries': 6 }, { 'Bank/rate/Retry/maxRetries': 7 }];
    const seen = [];
    for (const configuration of [all, { ...ofClass, ...all }, { ...ofMethod, ...all, ...ofClass }]) {
      const one = bank();
      await open(configuration, one);
      seen.push(await runsOf(() => one.rate(), one));
    }
    expect(seen).toEqual([6, 7, 8]);
  });

  it('reads what the environment of a process says', async () => {
    const one = bank();
    const configuration = { 'Retry/delay': '1ms', 'Retry/retryOn': 'RangeError, Error', 'Bank/rate/Retry/budget': undefined };
    await open({ 'Bank/rate/Retry/maxRetries': '3', ...configuration }, one);
    expect(await runsOf(() => one.rate(), one)).toBe(4);
    const two = bank();
    await open({ 'Retry/retryOn': 'RangeError, SyntaxError' }, two);
    expect(await runsOf(() => two.rate(), two)).toBe(1);
  });

  it('leaves the other options as they are, and other runtimes too', async () => {
    const one = bank();
    const two = bank();
    await open({ 'Retry/maxRetries': 4 }, one);
    await open({}, two);
    expect([await runsOf(() => one.rate(), one), await runsOf(() => two.rate(), two)]).toEqual([5, 2]);
  });

  it('CF-03 switches a policy off everywhere but in one class, and on there but for one method', async () => {
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
    class Bank extends Counted {
      async charge(): Promise<unknown> {
        return this.fail();
      }
      async rate(): Promise<unknown> {
        return this.fail();
      }
    }
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
    class Stock extends Counted {
      async reserve(): Promise<unknown> {
        return this.fail();
      }
    }
    const [money, stock] = [new Bank(), new Stock()];
    await open(
      { 'CircuitBreaker/enabled': false, 'Bank/CircuitBreaker/enabled': true, 'Bank/charge/CircuitBreaker/enabled': 'false' },
      money,
      stock,
    );
    const codes = async (call: () => Promise<unknown>): Promise<unknown> => {
      for (let i = 0; i < 2; i++) await call().catch(() => undefined);
      return call().catch((error: Error) => error.name);
    };
    expect([await codes(() => money.charge()), await codes(() => money.rate()), await codes(() => stock.reserve())]).toEqual([
      'Error',
      'CircuitOpenError',
      'Error',
    ]);
  });

  it('CF-04 has one switch for everything but fallbacks, and what says more holds', async () => {
    const one = bank();
    await open({ 'NonFallback/enabled': false }, one);
    expect(await runsOf(() => one.rate(), one)).toBe(1);
    expect(await one.rate()).toBe('instead');
    for (let i = 0; i < 4; i++) await expect(one.charge()).rejects.toThrow(Busy);
    const two = bank();
    await open({ 'NonFallback/enabled': 'false', 'Bank/rate/Retry/enabled': true }, two);
    expect([await runsOf(() => two.rate(), two), await runsOf(() => two.charge(), two)]).toEqual([2, 1]);
  });

  it('switched off for a fallback gives the error as it is', async () => {
    const one = bank();
    await open({ 'Bank/rate/Fallback/enabled': false, 'Retry/enabled': false }, one);
    await expect(one.rate()).rejects.toBeInstanceOf(Busy);
    expect(one.runs).toBe(1);
  });

  it('holds for classes that extend the one that is named, and what names them holds more', async () => {
    class Base extends Counted {
      @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy], budget: false })
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    class One extends Base {}
    class Two extends Base {}
    const [one, two] = [new One(), new Two()];
    await open({ 'Base/call/Retry/maxRetries': 2, 'Two/Retry/maxRetries': 9, 'Two/call/Retry/maxRetries': 3 }, one, two);
    expect([await runsOf(() => one.call(), one), await runsOf(() => two.call(), two)]).toEqual([3, 4]);
  });

  it('tells time-outs of both scopes apart', async () => {
    class Slow {
      runs = 0;
      @Timeout('1m')
      @Timeout({ value: '1m', scope: 'total' })
      @Retry({ maxRetries: 9, delay: 0, budget: false })
      async call(): Promise<never> {
        this.runs += 1;
        return new Promise(() => {});
      }
    }
    const one = new Slow();
    await open({ 'Timeout/value': 10, 'Slow/call/TotalTimeout/value': '10s', 'Retry/maxRetries': 2 }, one);
    await expect(one.call()).rejects.toMatchObject({ code: 'TIMEOUT', scope: 'attempt' });
    expect(one.runs).toBe(3);
  });

  it('says all that is wrong with its keys at the start, by class, method and option', async () => {
    class Orders {
      @Bulkhead(1)
      async place(): Promise<void> {}
    }
    const keys = {
      maxRetries: 1,
      'Bank/rate/Retry/maxRetries/now': 1,
      'Bank//maxRetries': 1,
      'Retry/retries': 1,
      'Repeat/maxRetries': 1,
      'toString/maxRetries': 1,
      'Banks/Retry/maxRetries': 1,
      'Bank/rates/Retry/maxRetries': 1,
      'Bank/rate/CircuitBreaker/delay': 1,
      'Orders/Retry/maxRetries': 1,
      'Bank/rate/Fallback/fallbackMethod': 'other',
      'Timeout/scope': 'total',
      'NonFallback/enabled': 'perhaps',
      'Bank/charge/Retry/enabled': 1,
    };
    const problems = await problemsOf({ ...keys, 'Retry/maxRetries': 2 }, bank(), new Orders());
    expect(problems.map(({ subject }) => subject)).toEqual(
      Object.keys(keys).map((key) => expect.stringContaining(`configuration, "${key}"`)),
    );
    expect(problems.map(({ cause }) => cause)).toEqual([
      'It is no key.',
      'It is no key.',
      'It is no key.',
      'Unrecognized key: "retries".',
      'There is no policy "Repeat".',
      'There is no policy "toString".',
      'This runtime knows no class "Banks".',
      'Bank has no protected method "rates".',
      'Bank.rate has no @CircuitBreaker.',
      'Orders has no @Retry.',
      '"fallbackMethod" cannot be configured.',
      '"scope" cannot be configured.',
      '"perhaps" says neither yes nor no.',
      '1 says neither yes nor no.',
    ]);
  });

  it('is checked together with what stands at the decorators', async () => {
    expect(await problemsOf({ 'Retry/delay': '5m', 'Retry/maxDelay': '6m', 'Retry/maxDuration': '1h' }, bank())).toEqual([]);
    const problems = await problemsOf({ 'Bank/rate/Retry/delay': '5m' }, bank());
    expect(problems).toMatchObject([{ subject: 'Bank.rate, @Retry, maxDelay' }, { subject: 'Bank.rate, @Retry, maxDuration' }]);
  });

  const invalid: readonly (readonly [policy: string, option: string, value: unknown])[] = [
    ['Retry', 'maxRetries', -2],
    ['Retry', 'delay', -1],
    ['Retry', 'delay', 'soon'],
    ['Retry', 'factor', 0.5],
    ['Retry', 'jitter', -1],
    ['Retry', 'maxDuration', -1],
    ['Retry', 'maxDuration', 0],
    ['Retry', 'maxDelay', 5],
    ['Retry', 'backoff', 'cubic'],
    ['Timeout', 'value', -1],
    ['Timeout', 'multiplier', 0.5],
    ['CircuitBreaker', 'requestVolumeThreshold', 0],
    ['CircuitBreaker', 'requestVolumeThreshold', -1],
    ['CircuitBreaker', 'failureRatio', -0.1],
    ['CircuitBreaker', 'failureRatio', 1.1],
    ['CircuitBreaker', 'delay', -1],
    ['CircuitBreaker', 'successThreshold', 0],
    ['CircuitBreaker', 'successThreshold', -1],
    ['Bulkhead', 'value', 0],
    ['Bulkhead', 'value', -1],
    ['Bulkhead', 'waitingTaskQueue', -1],
    ['RateLimit', 'value', 0],
    ['RateLimit', 'window', -1],
    ['RateLimit', 'minSpacing', -1],
    ['Hedge', 'maxHedges', 0],
    ['Hedge', 'maxLoad', 2],
  ];
  const decorators: Record<string, (options: never) => unknown> = { Retry, Timeout, CircuitBreaker, Bulkhead, RateLimit, Hedge };

  it.each(invalid)('CF-05 refuses @%s with %s %j, at the definition and at the start', async (policy, option, value) => {
    const options = { ...(option === 'maxDelay' && { delay: 10 }), [option]: value } as never;
    expect(() => {
      class Invalid {
        @(decorators[policy]?.(options) as ReturnType<typeof Retry>)
        async call(): Promise<void> {}
      }
      return Invalid;
    }).toThrow(new RegExp(`Invalid\\.call, @${policy}.*, ${option}:`, 's'));
    class Service {
      @Retry({ delay: 10 })
      @Timeout()
      @CircuitBreaker()
      @Bulkhead()
      @RateLimit()
      @Hedge()
      async call(): Promise<void> {}
    }
    const problems = await problemsOf({ [`Service/call/${policy}/${option}`]: value }, new Service());
    expect(problems).toHaveLength(1);
    expect(problems[0]?.subject).toMatch(option === 'maxDelay' ? /^Service\.call, @Retry, maxDelay$/ : `Service/call/${policy}/${option}`);
  });

  it('CF-05 refuses a fallback that has no answer, or two', () => {
    for (const options of [{}, { value: 1, fallbackMethod: (self: { instead(): unknown }) => self.instead }]) {
      expect(() => {
        class Bank {
          @Fallback(options)
          async charge(): Promise<void> {}
        }
        return Bank;
      }).toThrow(/Bank\.charge, @Fallback.*It needs one of fallbackMethod, value and by/s);
    }
  });
});
