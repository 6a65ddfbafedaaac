const BRAND = Symbol.for('redress.error');

export interface ErrorOptions {
  readonly cause?: unknown;
  /** True when the same call may succeed later without a change by anyone. Default: false. */
  readonly retryable?: boolean;
  /** Facts for programs: names, ids, versions. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error of Redress: a stable `code`, a sentence with the names in it, and a remedy where there is one. */
export class RedressError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }

  static {
    // At the prototype: to define it at each error took a fifth of a rejection.
    RedressError.brand(this.prototype);
  }

  /** Marks an error that came back from a journal as one of ours. */
  static brand(error: Error): void {
    Object.defineProperty(error, BRAND, { value: true });
  }

  /** Recognises errors of any copy of this package by a shared symbol, where `instanceof` would fail. */
  static is(error: unknown): error is RedressError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true;
  }
}

/** One thing wrong with a definition or a set-up. */
export interface Problem {
  /** What it concerns: `Payments.charge`, a file, an option. */
  readonly subject: string;
  /** What is wrong. */
  readonly cause: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Thrown at definition, boot or opening, with all problems at once. Code `CONFIG_INVALID`, or a more special one. */
export class ConfigurationError extends RedressError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options: ErrorOptions & { readonly code?: string } = {}) {
    const lines = problems.map((p) => `${p.subject}: ${p.cause} ${p.remedy}`);
    super(
      options.code ?? 'CONFIG_INVALID',
      lines.length === 1 ? (lines[0] as string) : `${lines.length} problems:\n${lines.map((l) => `  - ${l}`).join('\n')}`,
      options,
    );
    this.problems = problems;
  }
}

/** Something in this library is wrong: please report it. Code `INVARIANT`. */
export class InvariantError extends RedressError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super('INVARIANT', `This should be impossible; please report it. ${message}`, details ? { details } : {});
  }
}

export class StoreError extends RedressError {}

/** The arguments of a store verb are not of its form. Code `STORE_ARGUMENT`. Nothing was written. */
export class StoreArgumentError extends StoreError {
  constructor(message: string) {
    super('STORE_ARGUMENT', message);
  }
}

/**
 * Why a commit was refused: `exists` (expected absent), `missing` (expected present), `version` (another commit or
 * claim came first), `key` (a key is there with other data, or only a part of the keys is there), `trimmed` (the key
 * was used once and its entry is gone).
 */
export type ConflictReason = 'exists' | 'missing' | 'version' | 'key' | 'trimmed';

/** A guard of the store refused a commit; nothing was applied. Code `STORE_CONFLICT`. */
export class ConflictError extends StoreError {
  readonly reason: ConflictReason;

  constructor(id: string, reason: ConflictReason, details: Readonly<Record<string, unknown>> = {}) {
    super('STORE_CONFLICT', `The store refused a commit to "${id}": ${reason}.`, { details: { id, reason, ...details } });
    this.reason = reason;
  }
}

/** The store did not answer, or answered that it cannot now. The write may have been applied. Code `STORE_UNAVAILABLE`. */
export class StoreUnavailableError extends StoreError {
  constructor(message: string, cause?: unknown) {
    super('STORE_UNAVAILABLE', message, { cause, retryable: true });
  }
}

/** The store is behind what it has acknowledged: a failover or a restored backup lost a tail. Code `STORE_REGRESSION`. */
export class StoreRegressionError extends StoreError {
  constructor(id: string, seen: number, found: number) {
    super(
      'STORE_REGRESSION',
      `The store has lost what it had answered: "${id}" was at version ${seen}; now it is at ${found}, and lacks entries.`,
      {
        details: { id, seen, found },
      },
    );
  }
}

/** A value cannot be encoded, or data cannot be decoded. Code `CODEC_FAILED`. `path` leads to the offending value. */
export class CodecError extends RedressError {
  readonly path: string;

  constructor(message: string, path: string, cause?: unknown) {
    super('CODEC_FAILED', message, { cause, details: { path } });
    this.path = path;
  }
}

/**
 * Thrown by users: **no effect happened**, so the step is `refused` and has nothing to undo. Code `REFUSED`,
 * or one's own.
 */
export class RefusedError extends RedressError {
  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(options.code ?? 'REFUSED', message, options);
  }
}

/** Thrown by users: do not retry; says nothing about effects. Code `TERMINAL`, or one's own. */
export class TerminalError extends RedressError {
  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    super(options.code ?? 'TERMINAL', message, options);
  }
}

/** Thrown by users: try again, after `retryAfter` milliseconds when given. Code `RETRYABLE`, or one's own. */
export class RetryableError extends RedressError {
  readonly retryAfter: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly code?: string; readonly retryAfter?: number } = {}) {
    super(options.code ?? 'RETRYABLE', message, { ...options, retryable: true });
    this.retryAfter = options.retryAfter;
  }
}

/**
 * A policy ended or refused a call: see `TimeoutError`, `CircuitOpenError`, `BulkheadRejectedError`, `RateLimitedError`.
 * Made without a stack: rejections are hot, and the stack would lead to the policy.
 */
export class PolicyError extends RedressError {
  #call: object | undefined;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    limitStacks(0);
    super(code, message, options);
    limitStacks(stackTraceLimit);
  }

  /** Notes which call it kept from being executed. */
  rejecting(call: object): this {
    this.#call = call;
    return this;
  }

  /** Whether it kept this very call from being executed, and not one that the call's body made, after an effect perhaps. */
  isRejectionOf(call: object): boolean {
    return this.#call === call;
  }
}

/** Nothing runs between the two that could see it. Where it may not be written, as with frozen intrinsics, there are stacks. */
function limitStacks(limit: number): void {
  try {
    Error.stackTraceLimit = limit;
  } catch {}
}

/** What a thrown value says, whatever it is: users' code throws odd things. */
export function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    return typeof message === 'string' ? message : String(message);
  } catch {
    return 'a thrown value that cannot be shown';
  }
}
