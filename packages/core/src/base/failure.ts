import { PolicyError, RedressError, RefusedError, TerminalError } from './errors.js';

/** Class, code or name, or a predicate: what an error is matched with. */
export type Matcher = (abstract new (...args: never[]) => Error) | string | ((error: unknown) => boolean);

/**
 * What is known of an error: `transient` may pass by itself, `throttling` asks for a pause, `notExecuted` never
 * reached the other side, `permanent` will not pass, `cancelled` was wanted.
 */
export type FailureClass = 'transient' | 'throttling' | 'notExecuted' | 'permanent' | 'cancelled';

const NOT_EXECUTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const TRANSIENT = new Set([
  ...['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  ...['TIMEOUT', 'STORE_UNAVAILABLE'],
]);
/** A policy kept the call from being executed. */
const REJECTED = new Set(['CIRCUIT_OPEN', 'BULKHEAD_REJECTED', 'RATE_LIMITED']);
const STATUS: Readonly<Record<number, FailureClass>> = {
  408: 'transient',
  425: 'transient',
  429: 'throttling',
  500: 'transient',
  502: 'transient',
  503: 'transient',
  504: 'transient',
};
const DEPTH = 8;

/** Says what is known of an error, along its causes to a depth of 8. Unknown things are `permanent`. */
export function classify(error: unknown): FailureClass {
  for (const one of causes(error)) {
    const found = classifyOne(one);
    if (found) return found;
  }
  return 'permanent';
}

function classifyOne(error: unknown): FailureClass | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, name, stage, retryable, status, statusCode } = error as Record<string, unknown>;
  if (error instanceof RefusedError || error instanceof TerminalError) return 'permanent';
  if (name === 'AbortError') return 'cancelled';
  if (typeof code === 'string') {
    if (NOT_EXECUTED.has(code) || REJECTED.has(code)) return 'notExecuted';
    if (code === 'TIMEOUT' && stage === 'queued') return 'notExecuted';
    if (TRANSIENT.has(code)) return 'transient';
  }
  if (retryable === true) return 'transient';
  const http = STATUS[Number(status ?? statusCode)];
  if (http) return http;
  return RedressError.is(error) ? 'permanent' : undefined;
}

/**
 * Whether the error itself says that the call never reached the other side. Its causes are not asked: they may be of
 * another call, after the effect. `fetch` is the exception, for it says nothing itself. A rejection by a policy counts
 * only where it rejected `call` itself: one that the body has met says nothing of what the body did before.
 */
export function neverExecuted(error: unknown, call?: object): boolean {
  if (error instanceof PolicyError) return call !== undefined && error.isRejectionOf(call);
  const { code, message, cause } = (error ?? {}) as { code?: unknown; message?: unknown; cause?: { code?: unknown } };
  if (typeof code === 'string') return NOT_EXECUTED.has(code);
  return error instanceof TypeError && message === 'fetch failed' && NOT_EXECUTED.has(String(cause?.code));
}

/** The error and its causes, each once, at most 8. */
export function causes(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  let one = error;
  while (one !== undefined && one !== null && found.length < DEPTH && !found.includes(one)) {
    found.push(one);
    one = typeof one === 'object' ? (one as { cause?: unknown }).cause : undefined;
  }
  return found;
}

/** Whether one of the matchers fits the error itself (its causes are not looked at). */
export function matches(error: unknown, matchers: readonly Matcher[]): boolean {
  return matchers.some((matcher) => {
    if (typeof matcher === 'string') {
      const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
      return code === matcher || name === matcher;
    }
    if (isErrorClass(matcher)) return error instanceof matcher || (error as Error | null)?.name === matcher.name;
    try {
      return matcher(error);
    } catch {
      // A question that fails is no answer.
      return false;
    }
  });
}

export function isErrorClass(matcher: Matcher): matcher is abstract new (...args: never[]) => Error {
  return typeof matcher === 'function' && (matcher === Error || matcher.prototype instanceof Error);
}
