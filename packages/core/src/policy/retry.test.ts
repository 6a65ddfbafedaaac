import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../base/environment.js';
import { ConfigurationError, RefusedError, RetryableError, TerminalError } from '../base/errors.js';
import type { Call } from '../base/interceptor.js';
import { retry } from './retry.js';
import { retryPolicy } from './retry-policy.js';
import type { RetryOptions } from './retry-policy.js';
import { VirtualClock } from './virtual-clock.fixture.js';

const reset = (): Error => Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
const refusedConnection = (): Error => Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' });

function setUp(options: RetryOptions | number, more: Partial<Call> = {}, chance = 0.5) {
  const clock = new VirtualClock();
  const environment = createEnvironment({ clock, random: { next: () => chance, word: () => 'w' } });
  const starts: number[] = [];
  const call: Call = { operation: 'Bank.charge', args: [], signal: undefined, attempt: 1, ...more };
  const repeat = retry(options, environment);
  const run = (body: (attempt: number) => unknown, until?: number) =>
    clock.drive(
      repeat(call, async () => {
        starts.push(clock.at);
        return body(starts.length);
      }),
      until,
    );
  return { clock, starts, call, run };
}

const failing = (error: () => unknown) => () => {
  throw error();
};

describe('retry', () => {
  it('repeats three times by default, and gives the very error of the last attempt', async () => {
    const errors: Error[] = [];
    const { run, starts } = setUp({});
    const end = await run(failing(() => errors[errors.push(reset()) - 1]));
    expect(starts).toHaveLength(4);
    expect((end as PromiseRejectedResult).reason).toBe(errors[3]);
    expect(Object.keys(errors[3] as Error)).toEqual(['code']);
  });

  it('leaves a frozen error alone', async () => {
    const error = Object.freeze(reset());
    expect(await setUp(2).run(failing(() => error))).toEqual({ status: 'rejected', reason: error });
  });

  it('stops when an attempt succeeds, and counts attempts', async () => {
    const { run, starts, call } = setUp(5);
    expect(await run((n) => (n < 3 ? failing(reset)() : n))).toEqual({ status: 'fulfilled', value: 3 });
    expect(starts).toHaveLength(3);
    expect(call.attempt).toBe(3);
  });

  it('takes a number for maxRetries; 0 means one attempt, Infinity goes on', async () => {
    for (const [maxRetries, attempts] of [
      [0, 1],
      [2, 3],
      [Infinity, 20],
    ] as const) {
      const { run, starts } = setUp(maxRetries);
      await run((n) => (n < 20 ? failing(reset)() : n));
      expect(starts).toHaveLength(attempts);
    }
  });

  it('RT-06 doubles the pause up to maxDelay', async () => {
    const { run, starts } = setUp({ maxRetries: 10, jitter: 'none' });
    await run(failing(reset));
    expect(starts.slice(1).map((at, i) => at - (starts[i] as number))).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000]);
  });

  it('RT-08 grows by a factor, in Fibonacci steps, or not at all', async () => {
    const pauses = async (options: RetryOptions): Promise<number[]> => {
      const { run, starts } = setUp({ maxRetries: 5, jitter: 'none', delay: '1s', ...options });
      await run(failing(reset));
      return starts.slice(1).map((at, i) => at - (starts[i] as number));
    };
    expect(await pauses({ backoff: 'fibonacci' })).toEqual([1000, 2000, 3000, 5000, 8000]);
    expect(await pauses({ backoff: 'constant' })).toEqual([1000, 1000, 1000, 1000, 1000]);
    expect(await pauses({ factor: 3, maxDelay: '10s' })).toEqual([1000, 3000, 9000, 10000, 10000]);
  });

  it('stays finite however often it repeats', async () => {
    for (const backoff of ['exponential', 'fibonacci'] as const) {
      const { run, starts } = setUp({ maxRetries: 3000, backoff, jitter: 'none', maxDuration: Infinity, maxDelay: 10, budget: false });
      await run(failing(reset));
      expect(starts).toHaveLength(3001);
      expect(starts[3000]).toBe(30_000);
    }
  });

  it('full jitter takes a part of the pause, a number gives or takes that much', async () => {
    const first = async (jitter: RetryOptions['jitter'], chance: number, maxDelay = 20_000): Promise<number> => {
      const { run, starts } = setUp({ delay: 400, jitter: jitter as 'full', maxDelay }, {}, chance);
      await run(failing(reset));
      return starts[1] as number;
    };
    expect(await first('full', 0)).toBe(0);
    expect(await first('full', 0.999)).toBeCloseTo(399.6);
    expect(await first(400, 0)).toBe(0);
    expect(await first(400, 0.5)).toBe(400);
    expect(await first('400ms', 0.999)).toBeCloseTo(799.2);
    expect(await first(500, 0)).toBe(0);
    expect(await first(400, 0.999, 600)).toBe(600);
  });

  it('RT-04 starts no pause that would reach maxDuration', async () => {
    const { run, starts, clock } = setUp({ maxRetries: 90, maxDuration: 1000, delay: 0, jitter: 'none' });
    await run(async () => {
      await clock.sleep(100);
      throw reset();
    });
    expect(starts).toHaveLength(10);
    expect(clock.at).toBe(1000);
    const long = setUp({ delay: '2m', maxDelay: '2m', jitter: 'none' });
    await long.run(failing(reset));
    expect(long.starts).toEqual([0, 120_000]);
    expect(long.clock.at).toBe(120_000);
  });

  it('RT-15 repeats what may pass, and nothing else', async () => {
    const attempts = async (error: unknown, options: RetryOptions = {}): Promise<number> => {
      const { run, starts } = setUp({ maxRetries: 1, ...options });
      const end = await run(failing(() => error));
      expect((end as PromiseRejectedResult).reason).toBe(error);
      return starts.length;
    };
    expect(await attempts(reset())).toBe(2);
    expect(await attempts(refusedConnection())).toBe(2);
    expect(await attempts(new RetryableError('busy'))).toBe(2);
    expect(await attempts(Object.assign(new Error('slow down'), { status: 429 }))).toBe(2);
    expect(await attempts(new TypeError('fetch failed', { cause: refusedConnection() }))).toBe(2);
    expect(await attempts(new TypeError('x is undefined'))).toBe(1);
    expect(await attempts(undefined)).toBe(1);
    expect(await attempts(new Error('what?'))).toBe(1);
  });

  it('never repeats a refusal, a terminal error, an abort or a mistake in the set-up, whatever retryOn says', async () => {
    class CardDeclined extends RefusedError {}
    const abort = Object.assign(new Error('stop'), { name: 'AbortError' });
    for (const error of [new CardDeclined('no'), new TerminalError('no'), abort, new ConfigurationError([])]) {
      const { run, starts } = setUp({ retryOn: [Error] });
      await run(failing(() => error));
      expect(starts).toHaveLength(1);
    }
  });

  it('RT-11 lets abortOn win over retryOn along a hierarchy', async () => {
    class E0 extends Error {}
    class E1 extends E0 {}
    class E2 extends E1 {}
    const attempts = [];
    for (const Type of [E0, E1, E2]) {
      const { run, starts } = setUp({ retryOn: [E0, E2], abortOn: [E1] });
      await run(failing(() => new Type()));
      attempts.push(starts.length);
    }
    expect(attempts).toEqual([4, 1, 1]);
  });

  it('takes codes, names and predicates as matchers', async () => {
    for (const matcher of ['E_BUSY', 'BusyError', (error: unknown) => error instanceof RangeError] as const) {
      const { run, starts } = setUp({ maxRetries: 1, retryOn: [matcher] });
      await run(failing(() => Object.assign(new RangeError('busy'), { code: 'E_BUSY', name: 'BusyError' })));
      expect(starts).toHaveLength(2);
    }
  });

  it('waits as long as the error asks for, once, and not again when it asks not to come again', async () => {
    const { run, starts } = setUp({ maxRetries: 2, jitter: 'none' });
    await run((n) => failing(() => new RetryableError('busy', n === 1 ? { retryAfter: 700 } : {}))());
    expect(starts).toEqual([0, 700, 900]);
    const never = setUp({});
    await never.run(failing(() => new RetryableError('go away', { retryAfter: -1 })));
    expect(never.starts).toEqual([0]);
  });

  it('repeats only what never reached the other side when an unknown attempt must not be repeated', async () => {
    const unknown = setUp({ retryOn: [Error] }, { repeatable: false });
    await unknown.run(failing(reset));
    expect(unknown.starts).toHaveLength(1);
    const notExecuted = setUp({}, { repeatable: false });
    await notExecuted.run(failing(refusedConnection));
    expect(notExecuted.starts).toHaveLength(4);
  });

  it('tells of each failed attempt, the last one included', async () => {
    const told: unknown[] = [];
    const { run } = setUp(2, { onAttemptFailed: (error) => told.push((error as Error).message) });
    await run((n) => failing(() => Object.assign(new Error(`no. ${n}`), { code: 'ECONNRESET' }))());
    expect(told).toEqual(['no. 1', 'no. 2', 'no. 3']);
  });

  it('rejects at once with the reason when it is aborted in a pause, and leaves no timer', async () => {
    const abort = new AbortController();
    const { run, clock, starts } = setUp({ delay: 500, jitter: 'none' }, { signal: abort.signal });
    const reason = new Error('the user left');
    clock.setTimer(20, () => abort.abort(reason));
    expect(await run(failing(reset))).toEqual({ status: 'rejected', reason });
    expect(clock.at).toBe(20);
    expect(starts).toHaveLength(1);
    expect(clock.timers).toEqual([]);
  });

  it('reads the signal only when it has to wait', async () => {
    let read = 0;
    const call = {
      get signal() {
        read += 1;
        return undefined;
      },
    };
    const { run } = setUp(1, {});
    await run(() => 1);
    await retry(1)(
      Object.defineProperties({ operation: 'x', args: [], attempt: 1 } as unknown as Call, Object.getOwnPropertyDescriptors(call)),
      async () => 1,
    );
    expect(read).toBe(0);
  });

  it('RT-13 turns a synchronous throw into an attempt', async () => {
    const { call, clock } = setUp(1);
    let runs = 0;
    const end = await clock.drive(
      retry({ maxRetries: 1, delay: 0 }, createEnvironment({ clock }))(call, () => {
        runs += 1;
        throw reset();
      }),
    );
    expect(end?.status).toBe('rejected');
    expect(runs).toBe(2);
  });

  it('uses the clock of the call when it was given none', async () => {
    const { call, clock } = setUp(1);
    const environment = createEnvironment({ clock });
    await clock.drive(
      retry({ maxRetries: 1, delay: '1h', maxDelay: '1h', maxDuration: '1d', jitter: 'none' })(
        { ...call, environment },
        failing(reset) as never,
      ),
    );
    expect(clock.at).toBe(3_600_000);
  });
});

describe('retryPolicy', () => {
  it('names every option that does not fit, and the method', () => {
    const wrong = { maxRetries: -1, retries: 3, backoff: 'cubic', factor: 0.5 } as unknown as RetryOptions;
    const problems = (() => {
      try {
        retryPolicy('Payments.charge', wrong);
      } catch (error) {
        return (error as ConfigurationError).problems.map((problem) => `${problem.subject}: ${problem.cause}`);
      }
      return [];
    })();
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/Payments\.charge, maxRetries.*\n?/);
    expect(problems.join('\n')).toContain('retries');
  });

  it.each([{ delay: 'soon' }, { delay: -1 }, { maxDelay: Number.NaN }, { jitter: 'half' }, { maxDuration: '-1s' }])(
    'refuses %j',
    (wrong) => {
      expect(() => retryPolicy('Payments.charge', wrong as RetryOptions)).toThrow(/Payments\.charge/);
    },
  );
});
