/** Why a call was not repeated any more. */
export type EndReason =
  | 'maxRetries'
  | 'maxDuration'
  | 'deadline'
  | 'budget'
  | 'nested'
  | 'notRetryable'
  | 'cancelled'
  | 'ownerLost'
  | 'beforeRetry';

/** What is known of how an answer or an error came about. */
export interface RecoveryInfo {
  /** Attempts that were made. */
  readonly attempts: number;
  /** Why there was no further one. */
  readonly reason?: EndReason;
  /** What the attempts ended with, the last 10, in order; copies and fallbacks that failed included. */
  readonly errors: readonly unknown[];
  /** It is a degraded answer: no attempt gave it. */
  readonly fallback?: true;
  /** It is less than what was asked for, and was given by a `degrade` of `recover`. */
  readonly degraded?: true;
  /** The arguments or the answer were repaired. */
  readonly repaired?: true;
}

export const KEPT_ERRORS = 10;

const known = new WeakMap<object, RecoveryInfo>();

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function';

/**
 * What is known of an error, of the promise that a guarded function answered with, or of an object that it was fulfilled
 * with: undefined for what came at the first attempt. It is kept beside and not in them: errors stay as they are.
 */
export function recoveryInfo(about: unknown): RecoveryInfo | undefined {
  return isObject(about) ? known.get(about) : undefined;
}

/** Keeps what is known of an error, a promise or a value; of a primitive nothing can be kept. */
export function keepInfo(about: unknown, info: RecoveryInfo): void {
  if (isObject(about)) known.set(about, info);
}

/** Keeps what is known of an answer with it, and with the promise that the caller has: the answer may be a text or a number. */
export function keepAnswer(value: unknown, told: Promise<unknown> | undefined, info: RecoveryInfo): void {
  keepInfo(value, info);
  // One that came too late makes no real answer of the one that was given in its place.
  if (recoveryInfo(told)?.fallback !== true) keepInfo(told, info);
}
