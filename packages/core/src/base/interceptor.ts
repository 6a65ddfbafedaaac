import type { Environment } from './environment.js';

/** One call of a method on its way through its interceptors. */
export interface Call {
  /** Stable name of the operation, such as `Payments.charge`. */
  readonly operation: string;
  readonly args: readonly unknown[];
  /** Whether the operation is done or undone. Default: `forward`. */
  readonly direction?: 'forward' | 'undo';
  /** Aborted when the caller gives up or the owner must stop. */
  readonly signal: AbortSignal | undefined;
  /** Which attempt this is, from 1. Interceptors that repeat the call raise it. */
  attempt: number;
  /** Asked before an attempt is repeated: false when this process must not go on. Default: it may. */
  readonly mayGoOn?: () => boolean;
  /** Told about each attempt that ended with an error, before anyone decides to repeat it. */
  readonly onAttemptFailed?: (error: unknown) => void;
  /** False when an attempt whose effect is not known must not be repeated. Default: true. */
  readonly repeatable?: boolean;
  /** Of the runtime that makes the call; default: the computer's clock and chance. */
  readonly environment?: Environment | undefined;
  /** The promise that the caller has, at which it is kept how the answer came about. Set by whoever makes the call. */
  told?: Promise<unknown> | undefined;
}

/** The one shape of everything that wraps a call. */
export type Interceptor = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;

/** One function out of many: the first interceptor is the outermost. Each may call `next` again. */
export function chain(interceptors: readonly Interceptor[]): (call: Call, body: () => Promise<unknown>) => Promise<unknown> {
  if (interceptors.length === 0) return (_call, body) => body();
  return interceptors.reduceRight<(call: Call, body: () => Promise<unknown>) => Promise<unknown>>(
    (inner, interceptor) => (call, body) => interceptor(call, () => inner(call, body)),
    (_call, body) => body(),
  );
}
