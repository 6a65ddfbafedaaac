import { messageOf, RedressError } from '../base/errors.js';

/** Any error about one run. `saga` and `id` name it. */
export class SagaError extends RedressError {
  readonly saga: string;
  readonly id: string;

  constructor(
    code: string,
    saga: string,
    id: string,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(code, message, { ...options, details: { saga, id, ...options.details } });
    this.saga = saga;
    this.id = id;
  }
}

/** The run failed and everything it may have done was undone. `cause` is the first failure. Code `SAGA_COMPENSATED`. */
export class SagaCompensatedError extends SagaError {
  constructor(saga: string, id: string, cause: unknown) {
    super('SAGA_COMPENSATED', saga, id, `${saga} "${id}" was undone, because: ${messageOf(cause)}`, { cause });
  }
}

/**
 * The run can neither go on nor back by itself: an undo failed for good, or a step after the pivot did. It waits for a
 * person. `cause` is the first failure, `undoError` what it is stuck on, `step` where. Code `SAGA_STUCK`.
 */
export class SagaStuckError extends SagaError {
  readonly undoError: unknown;

  constructor(saga: string, id: string, cause: unknown, step: string, undoError: unknown) {
    super(
      'SAGA_STUCK',
      saga,
      id,
      `${saga} "${id}" is stuck at ${step}: ${messageOf(undoError)}. It waits for a person; what stands before it is as it was.`,
      { cause, details: { step } },
    );
    this.undoError = undoError;
  }
}

/** The waiter gave up; the run goes on. Code `SAGA_STILL_RUNNING`. */
export class SagaStillRunningError extends SagaError {
  constructor(saga: string, id: string, why: string) {
    super('SAGA_STILL_RUNNING', saga, id, `${saga} "${id}" has not ended yet (${why}). It goes on; ask again for its outcome.`);
  }
}

/** The id belongs to a run with another input, which is untouched. Code `SAGA_ID_CONFLICT`. */
export class SagaIdConflictError extends SagaError {
  constructor(saga: string, id: string) {
    super('SAGA_ID_CONFLICT', saga, id, `${saga} "${id}" was started before with another input. Use a new id for new content.`);
  }
}

/** No run has this id. Code `SAGA_NOT_FOUND`. */
export class SagaNotFoundError extends SagaError {
  constructor(saga: string, id: string) {
    super('SAGA_NOT_FOUND', saga, id, `There is no run ${saga} "${id}" in the store.`);
  }
}

/** The journal and today's code do not fit; nothing was changed. Code `SAGA_REPLAY_MISMATCH`. */
export class ReplayMismatchError extends SagaError {
  constructor(saga: string, id: string, recorded: string, found: string) {
    super(
      'SAGA_REPLAY_MISMATCH',
      saga,
      id,
      `${saga} "${id}" does not fit today's code: the journal says ${recorded}, the code ${found}. Deploy fitting code, or register the older version beside it.`,
      { details: { recorded, found } },
    );
  }
}

/** The call came too late: its run goes backward. The body did not run. Code `STEP_FENCED`. */
export class StepFencedError extends SagaError {
  constructor(saga: string, id: string, step: string) {
    super('STEP_FENCED', saga, id, `${step} was not started: ${saga} "${id}" is being undone.`, { details: { step } });
  }
}

/** A step that must not be repeated was interrupted: whether it had its effect is not known. Code `STEP_INTERRUPTED`. */
export class StepInterruptedError extends SagaError {
  constructor(saga: string, id: string, step: string) {
    super('STEP_INTERRUPTED', saga, id, `${step} of ${saga} "${id}" was interrupted, and it must not be repeated.`, { details: { step } });
  }
}

/** The step may not stand after a pivot: it could not be taken back. The body did not run. Code `PIVOT_ORDER`. */
export class PivotOrderError extends SagaError {
  constructor(saga: string, id: string, step: string, why: string) {
    super(
      'PIVOT_ORDER',
      saga,
      id,
      `${step} was not started: ${why}. After the pivot of ${saga} "${id}" there are only steps that are repeated until they succeed.`,
      {
        details: { step },
      },
    );
  }
}

/** An operator or a caller has cancelled the run. Code `SAGA_CANCELLED`. */
export class SagaCancelledError extends SagaError {
  constructor(saga: string, id: string, who: string, why: string) {
    super('SAGA_CANCELLED', saga, id, `${saga} "${id}" was cancelled by ${who}: ${why}.`, { details: { who, why } });
  }
}

/** The run took longer than its deadline allows. Code `SAGA_DEADLINE`. */
export class SagaDeadlineError extends SagaError {
  constructor(saga: string, id: string) {
    super('SAGA_DEADLINE', saga, id, `${saga} "${id}" was not done before its deadline.`);
  }
}

/** The run was taken up again and again, and every process that did so died. Code `SAGA_RECOVERY_LIMIT`. */
export class SagaRecoveryLimitError extends SagaError {
  constructor(saga: string, id: string, claims: number) {
    super(
      'SAGA_RECOVERY_LIMIT',
      saga,
      id,
      `${saga} "${id}" was taken up ${claims} times without progress: each process that did so stopped.`,
      {
        details: { claims },
      },
    );
  }
}

/** A person gave an undo up: a part of the run stayed in the world. `cause` is the first failure. Code `SAGA_MIXED`. */
export class SagaMixedError extends SagaError {
  constructor(saga: string, id: string, cause: unknown) {
    super('SAGA_MIXED', saga, id, `${saga} "${id}" was undone in part, and a person has waived the rest, because: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The verb is not possible in the run's status; `legal` lists those that are. Nothing was changed. Code `SAGA_VERB_REFUSED`. */
export class SagaVerbError extends SagaError {
  readonly legal: readonly string[];

  constructor(saga: string, id: string, verb: string, why: string, legal: readonly string[]) {
    super(
      'SAGA_VERB_REFUSED',
      saga,
      id,
      `${verb} is not possible for ${saga} "${id}": ${why}. Possible are: ${legal.join(', ') || 'none'}.`,
      {
        details: { verb, legal },
      },
    );
    this.legal = legal;
  }
}

/** An attempt of an undo took longer than its `timeout`. It is repeated. Code `UNDO_TIMEOUT`. */
export class UndoTimeoutError extends SagaError {
  constructor(saga: string, id: string, step: string, timeoutMs: number) {
    super('UNDO_TIMEOUT', saga, id, `The undo of ${step} did not end within ${timeoutMs} ms.`, { details: { step, timeoutMs } });
  }
}

/** The runtime was stopped and starts nothing more. Code `RUNTIME_STOPPED`. */
export class RuntimeStoppedError extends RedressError {
  constructor() {
    super('RUNTIME_STOPPED', 'This runtime was stopped. Start the run in another process, or after a restart: the same id continues it.');
  }
}

/** Internal: this process does not own the run any more, or must not act on it; whoever owns it goes on. */
export class OwnershipLostError extends SagaError {
  constructor(saga: string, id: string, why: string) {
    super('SAGA_OWNERSHIP_LOST', saga, id, `${saga} "${id}" is not owned here any more: ${why}.`);
  }
}
