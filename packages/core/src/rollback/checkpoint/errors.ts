import { CodecError, RedressError } from '../../base/errors.js';
import type { ErrorOptions } from '../../base/errors.js';

/** Any error about one checkpointed object; `holder` names it. */
export class CheckpointError extends RedressError {
  readonly holder: string;

  constructor(code: string, holder: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, details: { holder, ...options.details } });
    this.holder = holder;
  }
}

/** A value that would come back changed, so it is not kept. `path` leads to it. Code `CHECKPOINT_VALUE`. */
export class UnsupportedValueError extends CodecError {
  override readonly code = 'CHECKPOINT_VALUE';

  constructor(what: string, path: string, remedy: string, cause?: unknown) {
    super(`${path || 'The value'} is ${what}, and would not come back as it is. ${remedy}`, path, cause);
  }
}

/** The call waited too long for another one on the same object; it did not begin. Code `CHECKPOINT_LOCK_TIMEOUT`. */
export class LockTimeoutError extends CheckpointError {
  constructor(holder: string, waiting: string, running: string, ms: number) {
    super(
      'CHECKPOINT_LOCK_TIMEOUT',
      holder,
      `${waiting} waited ${ms} ms for ${holder}, which ${running} holds. It did not begin. Two calls that wait for each other take their objects in one order, or lockTimeout is too short.`,
      { retryable: true, details: { waiting, running, ms } },
    );
  }
}

/** Too many calls wait for the object; this one did not begin. Code `CHECKPOINT_QUEUE_FULL`. */
export class QueueFullError extends CheckpointError {
  constructor(holder: string, waiting: number) {
    super('CHECKPOINT_QUEUE_FULL', holder, `${waiting} calls wait for ${holder} already. Let callers wait, or raise maxQueue.`, {
      retryable: true,
      details: { waiting },
    });
  }
}

/** Calls of checkpointed objects within each other without an end. Code `CHECKPOINT_DEPTH`. */
export class CallDepthError extends CheckpointError {
  constructor(holder: string, operation: string, depth: number) {
    super(
      'CHECKPOINT_DEPTH',
      holder,
      `${operation} would be the checkpointed call number ${depth} within one another; 32 are allowed. Look for a ring of calls.`,
      { details: { operation, depth } },
    );
  }
}

/** A write that belongs to no running call, or to another one than the running one. Nothing was changed. Code `CHECKPOINT_DETACHED_WRITE`. */
export class DetachedWriteError extends CheckpointError {
  constructor(holder: string, part: string, why: string) {
    super(
      'CHECKPOINT_DETACHED_WRITE',
      holder,
      `${part} of ${holder} was not written: ${why}. Await what a method begins, and write in a method of its own with @Checkpointed().`,
      { details: { part } },
    );
  }
}

/** A read-only call wrote. Nothing was changed. Code `CHECKPOINT_READ_ONLY`. */
export class ReadOnlyError extends CheckpointError {
  constructor(holder: string, part: string, operation: string) {
    super('CHECKPOINT_READ_ONLY', holder, `${operation} is read-only, and wrote ${part} of ${holder}. Mark it @Checkpointed() instead.`, {
      details: { part, operation },
    });
  }
}

/** Another optimistic call changed what this one had read, again and again. Nothing was changed. Code `CHECKPOINT_CONFLICT`. */
export class OptimisticConflictError extends CheckpointError {
  constructor(holder: string, operation: string, tries: number) {
    super(
      'CHECKPOINT_CONFLICT',
      holder,
      `${operation} of ${holder} was run ${tries} times, and each time others changed what it had read. Try again later, or use serial calls.`,
      { retryable: true, details: { operation, tries } },
    );
  }
}

/** The object is not served: it is not restored yet, or another process has taken it over. Code `CHECKPOINT_NOT_SERVED`. */
export class NotServedError extends CheckpointError {
  constructor(holder: string, why: string, remedy: string, cause?: unknown) {
    super('CHECKPOINT_NOT_SERVED', holder, `${holder} is not served: ${why}. ${remedy}`, { cause });
  }
}

/** There is no such checkpoint. Nothing was changed. Code `CHECKPOINT_NOT_FOUND`. */
export class CheckpointNotFoundError extends CheckpointError {
  constructor(holder: string, wanted: string, there: string) {
    super('CHECKPOINT_NOT_FOUND', holder, `${holder} has no ${wanted}. There are: ${there || 'none'}.`, { details: { wanted } });
  }
}

/**
 * What is stored is damaged, and no older checkpoint has all that was acknowledged. Nothing was written or served.
 * Code `CHECKPOINT_CORRUPT`.
 */
export class RecoveryFailedError extends CheckpointError {
  constructor(holder: string, number: number, why: string, older: number | undefined) {
    const remedy =
      older === undefined
        ? 'Restore the store from a backup.'
        : `Restore the store from a backup, or give up what came later: start({ from: ${older} }).`;
    super('CHECKPOINT_CORRUPT', holder, `Checkpoint ${number} of ${holder} is damaged: ${why}. ${remedy}`, {
      details: { number, older },
    });
  }
}

/** The schema was changed, its version was not. Nothing was written or served. Code `CHECKPOINT_SCHEMA_DRIFT`. */
export class SchemaDriftError extends CheckpointError {
  constructor(holder: string, version: number, stored: string, found: string) {
    super(
      'CHECKPOINT_SCHEMA_DRIFT',
      holder,
      `${holder} was stored with another schema under the same version ${version}. Raise "version", and say in "migrate" how ${version} becomes it.`,
      { details: { version, stored, found } },
    );
  }
}

/** What is stored was written by newer code. Nothing was written or served. Code `CHECKPOINT_FUTURE_VERSION`. */
export class FutureVersionError extends CheckpointError {
  constructor(holder: string, what: string, stored: number, known: number) {
    super(
      'CHECKPOINT_FUTURE_VERSION',
      holder,
      `${holder} was stored with ${what} ${stored}, and this code knows ${known}. Deploy the newer code again.`,
      { details: { what, stored, known } },
    );
  }
}

/** A step of a migration is missing, threw, or its result does not fit. Nothing was written or served. Code `CHECKPOINT_MIGRATION`. */
export class MigrationError extends CheckpointError {
  /** The version that could not be left. */
  readonly from: number;

  constructor(holder: string, from: number, why: string, cause?: unknown) {
    super('CHECKPOINT_MIGRATION', holder, `The state of ${holder} cannot be brought from version ${from} to the next: ${why}.`, {
      cause,
      details: { from },
    });
    this.from = from;
  }
}

/** A verb is used where it cannot be; nothing was changed. Code `CHECKPOINT_VERB`. */
export class CheckpointVerbError extends CheckpointError {
  constructor(holder: string, verb: string, why: string, remedy: string) {
    super('CHECKPOINT_VERB', holder, `${verb} is not possible for ${holder}: ${why}. ${remedy}`, { details: { verb } });
  }
}
