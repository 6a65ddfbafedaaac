import { messageOf, PolicyError } from '../base/errors.js';

/** What a time-out knows of the call that it ended. */
export interface TimeoutFacts {
  readonly operation: string;
  /** The limit that was exceeded. */
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  /** `queued`: its body was never started. `executing`: nobody knows what it did. */
  readonly stage: 'queued' | 'executing';
  /** One attempt, or the whole call with its repetitions and pauses. */
  readonly scope: 'attempt' | 'total';
  readonly cause?: unknown;
}

/** A call took longer than it may. Code `TIMEOUT`. */
export class TimeoutError extends PolicyError {
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  readonly stage: 'queued' | 'executing';
  readonly scope: 'attempt' | 'total';

  constructor({ cause, ...facts }: TimeoutFacts) {
    const { operation, timeoutMs, stage, scope } = facts;
    const what = scope === 'total' ? 'all attempts together' : 'one attempt';
    const ran = stage === 'queued' ? ' Its body was not started.' : '';
    super('TIMEOUT', `${operation} took longer than ${Math.round(timeoutMs)} ms (${what}).${ran}`, {
      ...(cause !== undefined && { cause }),
      retryable: true,
      details: facts,
    });
    this.timeoutMs = timeoutMs;
    this.elapsedMs = facts.elapsedMs;
    this.stage = stage;
    this.scope = scope;
  }
}

/** A circuit breaker lets no call through. Code `CIRCUIT_OPEN`. `cause` is the failure that opened it. */
export class CircuitOpenError extends PolicyError {
  // Few properties of its own: with ten and more an error takes five times as long to make, and these are made in thousands.
  declare readonly details: { readonly operation: string; readonly state: 'open' | 'halfOpen' | 'isolated'; readonly retryAfter: number };

  constructor(operation: string, state: 'open' | 'halfOpen' | 'isolated', retryAfter: number, cause?: unknown) {
    const details = { operation, state, retryAfter };
    const message = `${operation} was not called: its circuit is ${state === 'halfOpen' ? 'half-open' : state}.`;
    super('CIRCUIT_OPEN', message, cause === undefined ? { retryable: true, details } : { cause, retryable: true, details });
  }

  get state(): 'open' | 'halfOpen' | 'isolated' {
    return this.details.state;
  }

  /** Milliseconds until a call may be let through; 0 when nobody can say. */
  get retryAfter(): number {
    return this.details.retryAfter;
  }
}

/** As many calls as may are running, and as many as may are waiting. Code `BULKHEAD_REJECTED`. */
export class BulkheadRejectedError extends PolicyError {
  constructor(operation: string, running: number, waiting: number) {
    super('BULKHEAD_REJECTED', `${operation} was not called: ${running} calls are running and ${waiting} are waiting.`, {
      retryable: true,
      details: { operation, running, waiting },
    });
  }
}

/** More calls than the limit allows. Code `RATE_LIMITED`. */
export class RateLimitedError extends PolicyError {
  /** Milliseconds until there is room again. */
  readonly retryAfter: number;

  constructor(operation: string, retryAfter: number) {
    super('RATE_LIMITED', `${operation} was not called: its rate limit is used up for ${Math.ceil(retryAfter)} ms.`, {
      retryable: true,
      details: { operation, retryAfter },
    });
    this.retryAfter = retryAfter;
  }
}

/** What a detector says of an answer that it does not accept. */
export interface BadResultFacts {
  readonly operation: string;
  readonly result: unknown;
  /** The name of the fault, by which it is matched. */
  readonly kind?: string | undefined;
  readonly why?: string | undefined;
  /** The detector threw, or took too long. */
  readonly detectorFailed?: boolean;
  readonly cause?: unknown;
}

/** A method answered, and its detector does not accept the answer. Code `BAD_RESULT`. Its `name` is the `kind` of the detector, if it has one. */
export class BadResultError extends PolicyError {
  /** What was answered. */
  readonly result: unknown;
  /** Nobody knows whether it is good: the detector itself failed, and `cause` says how. */
  readonly detectorFailed: boolean;

  constructor({ operation, result, kind, why, detectorFailed = false, cause }: BadResultFacts) {
    const what = detectorFailed ? 'answered, and its detector failed' : 'answered what its detector does not accept';
    super('BAD_RESULT', `${operation} ${what}${why ? `: ${why}` : '.'}`, {
      ...(cause !== undefined && { cause }),
      retryable: true,
      details: { operation, detectorFailed, ...(kind !== undefined && { kind }) },
    });
    if (kind !== undefined) this.name = kind;
    this.result = result;
    this.detectorFailed = detectorFailed;
  }
}

/** A call failed, and so did its repair. Code `REPAIR_FAILED`. `cause` is the failure of the call, `repairError` that of the repair. */
export class RepairFailedError extends PolicyError {
  readonly repairError: unknown;

  constructor(operation: string, failure: unknown, repairError: unknown) {
    super('REPAIR_FAILED', `${operation} failed: ${messageOf(failure)}. Its repair failed too: ${messageOf(repairError)}`, {
      cause: failure,
      details: { operation },
    });
    this.repairError = repairError;
  }
}
