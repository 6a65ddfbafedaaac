import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import type { Problem } from '../base/errors.js';
import type { Matcher } from '../base/failure.js';
import { checkOptions } from '../base/options.js';
import type { RetryBudget } from './budget.js';
import { CircuitOpenError } from './errors.js';

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
  /**
   * A result that is not good enough and is asked for again; the last one is answered, good or not. In a saga the undo hears
   * of those before it as of attempts whose outcome nobody took. Default: none.
   */
  readonly retryOnResult?: (result: unknown) => boolean;
  /** Called before each repetition, with the failure and the number of the attempt to come. What it throws ends the call. */
  readonly beforeRetry?: (error: unknown, attempt: number) => unknown;
  /** What limits the repetitions of many calls together. Default: `shared`, by all methods of a class. */
  readonly budget?: 'shared' | RetryBudget | false;
  /** False: only failures that never reached the other side are repeated. Default: true. */
  readonly idempotent?: boolean;
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
  readonly retryOnResult: ((result: unknown) => boolean) | undefined;
  readonly beforeRetry: ((error: unknown, attempt: number) => unknown) | undefined;
  readonly budget: 'shared' | RetryBudget | false;
  readonly idempotent: boolean;
  readonly nested: 'outermost' | 'allow';
}

const NEVER = ['AbortError', 'ConfigurationError', 'CircuitOpenError'];

/** An open circuit is waited for by who asks for it by its name. */
const named = (name: string, matchers: readonly Matcher[]): boolean =>
  name === 'CircuitOpenError' && matchers.some((one) => one === name || one === 'CIRCUIT_OPEN' || one === CircuitOpenError);

const isBudget = (value: unknown): boolean => typeof (value as RetryBudget | null)?.take === 'function';

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
  retryOnResult: z.function().optional(),
  beforeRetry: z.function().optional(),
  budget: z.literal('shared').or(z.literal(false)).or(z.custom<RetryBudget>(isBudget, 'It is no retryBudget()')).optional(),
  idempotent: z.boolean().optional(),
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
  const delayMs = durationMs(options.delay ?? 100, `${subject}, delay`);
  const maxDelayMs = durationMs(options.maxDelay ?? 20_000, `${subject}, maxDelay`);
  const maxDurationMs = ms(options.maxDuration ?? 180_000, 'maxDuration');
  checkTogether(subject, options.delay === undefined ? 0 : delayMs, maxDelayMs, maxDurationMs);
  return {
    maxRetries: options.maxRetries ?? 3,
    delayMs,
    backoff: options.backoff ?? 'exponential',
    factor: options.factor ?? 2,
    maxDelayMs,
    jitter: jitter === 'full' || jitter === 'none' ? jitter : durationMs(jitter, `${subject}, jitter`),
    maxDurationMs,
    retryOn: options.retryOn,
    abortOn: [...NEVER.filter((name) => !named(name, options.retryOn ?? [])), ...(options.abortOn ?? [])],
    retryOnResult: options.retryOnResult,
    beforeRetry: options.beforeRetry,
    budget: options.budget ?? 'shared',
    idempotent: options.idempotent ?? true,
    nested: options.nested ?? 'outermost',
  };
}

/** A first pause that is never made as it was written, or after which nothing is repeated, is a mistake. */
function checkTogether(subject: string, delayMs: number, maxDelayMs: number, maxDurationMs: number): void {
  const problems: Problem[] = [];
  if (maxDelayMs < delayMs) {
    const cause = `The longest pause, ${maxDelayMs} ms, is shorter than the first one, ${delayMs} ms.`;
    problems.push({ subject: `${subject}, maxDelay`, cause, remedy: 'Give a longer maxDelay, or a shorter delay.' });
  }
  if (maxDurationMs <= delayMs) {
    const cause = `After ${maxDurationMs} ms nothing is repeated, and the first pause takes ${delayMs} ms.`;
    problems.push({ subject: `${subject}, maxDuration`, cause, remedy: 'Give a longer one, or Infinity for none.' });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}
