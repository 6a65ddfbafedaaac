import { z } from 'zod';
import { sleep } from '../base/clock.js';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import { RefusedError, TerminalError } from '../base/errors.js';
import { causes, classify, matches, neverExecuted } from '../base/failure.js';
import type { FailureClass, Matcher } from '../base/failure.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import { checkOptions } from '../base/options.js';

/** How a failed call is repeated. Durations are milliseconds or texts such as `'2s'`. */
export interface RetryOptions {
  /** Repetitions after the first attempt; `Infinity` is allowed. Default: 3. */
  readonly maxRetries?: number;
  /** Pause before the first repetition. Default: 100 ms. */
  readonly delay?: Duration;
  /** How the pause grows: times `factor`, not at all, or 1 2 3 5 8 times `delay`. Default: `exponential`. */
  readonly backoff?: 'exponential' | 'constant' | 'fibonacci';
  /** What `exponential` multiplies with. Default: 2. */
  readonly factor?: number;
  /** Longest pause, jitter included. A pause that the error asks for may be longer. Default: 20 s. */
  readonly maxDelay?: Duration;
  /** `full`: anything from 0 to the pause; a number or duration: the pause give or take this much. Default: `full`. */
  readonly jitter?: 'full' | 'none' | Duration;
  /** No repetition starts this long after the first attempt did; `Infinity` is allowed. Default: 180 s. */
  readonly maxDuration?: Duration;
  /** Default: errors of the classes transient, throttling and notExecuted. */
  readonly retryOn?: readonly Matcher[];
  /** Never repeated, whatever `retryOn` says; besides `AbortError`, `ConfigurationError`, `RefusedError` and `TerminalError`. */
  readonly abortOn?: readonly Matcher[];
  /** What happens inside another call that repeats: `outermost` leaves it to that one, `allow` multiplies. Default: `outermost`. */
  readonly nested?: 'outermost' | 'allow';
}

/** `RetryOptions`, checked and filled in. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly delayMs: number;
  readonly backoff: 'exponential' | 'constant' | 'fibonacci';
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitter: 'full' | 'none' | number;
  readonly maxDurationMs: number;
  readonly retryOn: readonly Matcher[] | undefined;
  readonly abortOn: readonly Matcher[];
  readonly nested: 'outermost' | 'allow';
}

const count = z.number().int().min(0).or(z.literal(Infinity));
const duration = z.union([z.number(), z.string()]);
const matchers = z.array(z.union([z.string().min(1), z.function()]));
const retryOptions = z.strictObject({
  maxRetries: count.optional(),
  delay: duration.optional(),
  backoff: z.enum(['exponential', 'constant', 'fibonacci']).optional(),
  factor: z.number().min(1).optional(),
  maxDelay: duration.optional(),
  jitter: duration.optional(),
  maxDuration: duration.or(z.literal(Infinity)).optional(),
  retryOn: matchers.optional(),
  abortOn: matchers.optional(),
  nested: z.enum(['outermost', 'allow']).optional(),
});

/**
 * Checks the options of a retry once; a number stands for `maxRetries`.
 * @throws ConfigurationError with one problem for each option that does not fit; `subject` names the method.
 */
export function retryPolicy(subject: string, given: RetryOptions | number = {}): RetryPolicy {
  const options: RetryOptions = typeof given === 'number' ? { maxRetries: given } : given;
  checkOptions(subject, retryOptions, options);
  const ms = (value: Duration, name: string): number => (value === Infinity ? Infinity : durationMs(value, `${subject}, ${name}`));
  const jitter = options.jitter ?? 'full';
  return {
    maxRetries: options.maxRetries ?? 3,
    delayMs: durationMs(options.delay ?? 100, `${subject}, delay`),
    backoff: options.backoff ?? 'exponential',
    factor: options.factor ?? 2,
    maxDelayMs: durationMs(options.maxDelay ?? 20_000, `${subject}, maxDelay`),
    jitter: jitter === 'full' || jitter === 'none' ? jitter : durationMs(jitter, `${subject}, jitter`),
    maxDurationMs: ms(options.maxDuration ?? 180_000, 'maxDuration'),
    retryOn: options.retryOn,
    abortOn: ['AbortError', 'ConfigurationError', 'CircuitOpenError', ...(options.abortOn ?? [])],
    nested: options.nested ?? 'outermost',
  };
}

/**
 * Repeats a call that failed. What comes out in the end is the last error itself, untouched. When the call's signal is
 * aborted, a pause ends at once with the signal's reason. A pause that would reach `maxDuration` is not started.
 * With `call.repeatable` false, only failures that never reached the other side are repeated. Clock and chance come from
 * `environment`, else from the call's.
 */
export function retry(given: RetryOptions | RetryPolicy | number, environment?: Environment): Interceptor {
  const policy = typeof given === 'object' && 'delayMs' in given ? given : retryPolicy('retry', given);
  return async (call, next) => {
    const { clock, random } = environment ?? call.environment ?? (standard ??= createEnvironment());
    const startedAt = clock.monotonic();
    for (let done = 0; ; done++) {
      try {
        return await next();
      } catch (error) {
        call.onAttemptFailed?.(error);
        if (done >= policy.maxRetries || !mayRepeat(policy, call, error)) throw error;
        const pauseMs = retryAfterMs(error) ?? backoffMs(policy, done, random.next());
        if (pauseMs < 0 || clock.monotonic() - startedAt + pauseMs >= policy.maxDurationMs) throw error;
        await sleep(clock, pauseMs, call.signal);
        call.signal?.throwIfAborted();
        if (call.mayGoOn?.() === false) throw error;
        call.attempt += 1;
      }
    }
  };
}

let standard: Environment | undefined;

const REPEATED: ReadonlySet<FailureClass> = new Set<FailureClass>(['transient', 'throttling', 'notExecuted']);

function mayRepeat(policy: RetryPolicy, call: Call, error: unknown): boolean {
  if (error instanceof RefusedError || error instanceof TerminalError || matches(error, policy.abortOn)) return false;
  const failure = classify(error);
  if (call.repeatable === false && !neverExecuted(error)) return false;
  return policy.retryOn ? matches(error, policy.retryOn) : REPEATED.has(failure);
}

/** The pause that the other side asks for; negative: it asks not to come again. */
function retryAfterMs(error: unknown): number | undefined {
  for (const one of causes(error)) {
    const { retryAfter } = (typeof one === 'object' ? one : {}) as { retryAfter?: unknown };
    if (typeof retryAfter === 'number' && !Number.isNaN(retryAfter)) return retryAfter;
  }
  return undefined;
}

function backoffMs(policy: RetryPolicy, done: number, chance: number): number {
  const grownMs = Math.min(policy.delayMs * growth(policy, done), policy.maxDelayMs);
  if (policy.jitter === 'none') return grownMs;
  if (policy.jitter === 'full') return grownMs * chance;
  return Math.min(Math.max(0, grownMs + policy.jitter * (2 * chance - 1)), policy.maxDelayMs);
}

function growth({ backoff, factor }: RetryPolicy, done: number): number {
  if (backoff === 'constant') return 1;
  if (backoff === 'exponential') return Math.min(factor ** done, Number.MAX_VALUE);
  let [one, two] = [1, 2];
  for (let i = 0; i < done && one < Number.MAX_SAFE_INTEGER; i++) [one, two] = [two, one + two];
  return one;
}
