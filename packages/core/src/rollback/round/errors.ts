import { RedressError } from '../../base/errors.js';
import type { ErrorOptions } from '../../base/errors.js';

/** Any error about a group that takes coordinated checkpoints. `group` names it. */
export class CoordinationError extends RedressError {
  readonly group: string;

  constructor(code: string, group: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, details: { group, ...options.details } });
    this.group = group;
  }
}

/** The round did not come to a commit: what was the line before is the line still. Code `ROUND_ABORTED`. */
export class CoordinationAbortedError extends CoordinationError {
  constructor(group: string, round: number | undefined, why: string) {
    const name = round === undefined ? 'No round' : `Round ${round}`;
    const was = round === undefined ? 'was begun' : 'was aborted';
    super('ROUND_ABORTED', group, `${name} of "${group}" ${was}: ${why}. The line before it stands; try again.`, {
      retryable: true,
      details: { round, why },
    });
  }
}

/** More rounds failed in a row than are tolerated. Code `ROUND_FAILING`. */
export class CoordinationFailingError extends CoordinationError {
  constructor(group: string, streak: number, why: string) {
    super(
      'ROUND_FAILING',
      group,
      `${streak} rounds of "${group}" have failed in a row, the last one because: ${why}. Look at its members.`,
      {
        details: { streak, why },
      },
    );
  }
}

/** The call was begun in an epoch that is over: its effects on the state were taken back. Code `ROUND_EPOCH_OVER`. */
export class EpochOverError extends CoordinationError {
  constructor(group: string, process: string, epoch: number) {
    super('ROUND_EPOCH_OVER', group, `"${process}" of "${group}" was taken back to the line of a later epoch than ${epoch}. Ask again.`, {
      retryable: true,
      details: { process, epoch },
    });
  }
}

/** The member has left, or was never one. Code `ROUND_NO_MEMBER`. */
export class NoMemberError extends CoordinationError {
  constructor(group: string, process: string, why: string) {
    super('ROUND_NO_MEMBER', group, `"${process}" is no member of "${group}": ${why}.`, { details: { process } });
  }
}

/** The state of a member at the line is missing or damaged. Nothing was restored. Code `ROUND_STATE_LOST`. */
export class RoundStateError extends CoordinationError {
  constructor(group: string, process: string, round: number, why: string, cause?: unknown) {
    super(
      'ROUND_STATE_LOST',
      group,
      `The state of "${process}" in round ${round} of "${group}" cannot be read: ${why}. Restore the store from a backup.`,
      {
        cause,
        details: { process, round },
      },
    );
  }
}
