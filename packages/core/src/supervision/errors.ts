import { messageOf, RedressError } from '../base/errors.js';

/**
 * Children of a supervisor failed more often than its intensity allows; it has stopped all of them. `cause` is the last
 * failure. Code `RESTART_LIMIT`.
 */
export class RestartLimitError extends RedressError {
  readonly supervisor: string;
  readonly child: string;

  constructor(supervisor: string, child: string, limit: { readonly intensity: number; readonly periodMs: number }, cause: unknown) {
    super(
      'RESTART_LIMIT',
      `The supervisor "${supervisor}" has given up: "${child}" failed, and more than ${limit.intensity} restart(s) within ` +
        `${limit.periodMs} ms are not allowed. The last failure: ${messageOf(cause)}`,
      { cause, details: { supervisor, child, ...limit } },
    );
    this.supervisor = supervisor;
    this.child = child;
  }
}

/** A child was not ready within its `startMs`. Code `CHILD_START_TIMEOUT`. */
export class ChildStartTimeoutError extends RedressError {
  constructor(child: string, startMs: number) {
    super('CHILD_START_TIMEOUT', `"${child}" was not ready within ${startMs} ms.`, { details: { child, startMs } });
  }
}

/** A child did not answer its health checks, or its heart-beats stayed away. Code `CHILD_UNHEALTHY`. */
export class ChildUnhealthyError extends RedressError {
  constructor(child: string, why: string, cause?: unknown) {
    super('CHILD_UNHEALTHY', `"${child}" is taken for dead: ${why}.`, { cause, details: { child } });
  }
}

/** A process or thread ended in another way than by itself with code 0. Code `CHILD_EXITED`. */
export class ChildExitedError extends RedressError {
  readonly exitCode: number | null;
  readonly signal: string | null;

  constructor(what: string, exitCode: number | null, signal: string | null, noise = '') {
    const how = signal ? `by ${signal}` : `with code ${exitCode}`;
    super('CHILD_EXITED', `${what} ended ${how}.${noise && ` ${noise}`}`, { details: { exitCode, signal } });
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

/** Another life of this child has begun: the write of this one was refused, nothing was written. Code `CHILD_FENCED`. */
export class ChildFencedError extends RedressError {
  constructor(stream: string, details: Readonly<Record<string, unknown>>, cause?: unknown) {
    super('CHILD_FENCED', `"${stream}" has been started anew since: what this life of it writes is refused.`, { cause, details });
  }
}
