import { RedressError } from '../base/errors.js';
import { classify } from '../base/failure.js';
import type { Ballot } from './ballot.js';
import type { NoConsensusReason } from './vote.js';

const SENTENCES: Readonly<Record<NoConsensusReason, string>> = {
  insufficient: 'too few of them answered',
  disagreement: 'their answers do not agree',
  tie: 'several answers have as many votes',
  voter: 'the vote itself failed',
};

/**
 * The replicas came to no answer. Code `NO_CONSENSUS`. `reason` is what was known when the vote ended. Worth another try,
 * unless every replica failed for good.
 */
export class NoConsensusError extends RedressError {
  readonly reason: NoConsensusReason;
  /** One of each configured replica. Not enumerable: values are the caller's, and belong in no log. */
  declare readonly ballots: readonly Ballot[];

  constructor(operation: string, reason: NoConsensusReason, ballots: readonly Ballot[], cause?: unknown) {
    const failed = ballots.filter((one) => one.kind === 'blank' && one.reason !== 'idle' && one.reason !== 'aborted');
    const message = `${operation}: the ${ballots.length} replicas came to no answer, for ${SENTENCES[reason]} (${summary(ballots)}).`;
    const hope = reason !== 'insufficient' || failed.some((one) => one.kind === 'blank' && mayPass(one));
    super('NO_CONSENSUS', message, {
      retryable: hope && reason !== 'voter',
      details: { operation, reason, replicas: ballots.length },
      ...(cause !== undefined && { cause }),
    });
    this.reason = reason;
    Object.defineProperty(this, 'ballots', { value: ballots });
  }

  /** What the replicas threw, those that voted with it included. */
  get errors(): readonly unknown[] {
    return this.ballots.flatMap((one) => ('error' in one ? [one.error] : []));
  }
}

function mayPass({ reason, error }: Ballot & { readonly kind: 'blank' }): boolean {
  return reason === 'unaccepted' || reason === 'invalid' || !['permanent', 'cancelled'].includes(classify(error));
}

function summary(ballots: readonly Ballot[]): string {
  return ballots.map((one) => `${one.replica}: ${one.kind === 'blank' ? one.reason : one.kind}`).join(', ');
}

/** A replica did not answer in time; its effect may have happened. Code `REPLICA_TIMEOUT`. */
export class ReplicaTimeoutError extends RedressError {
  constructor(operation: string, replica: string, timeoutMs: number) {
    super('REPLICA_TIMEOUT', `${operation}: ${replica} did not answer within ${timeoutMs} ms.`, {
      retryable: true,
      details: { operation, replica, timeoutMs },
    });
  }
}

/** The vote was decided without this replica. The reason of its signal. Code `REPLICA_OUTVOTED`. */
export class ReplicaOutvotedError extends RedressError {
  constructor(operation: string, replica: string, dissented: boolean) {
    const what = dissented ? 'gave another answer than the one that won' : 'was not waited for: the vote is decided';
    super('REPLICA_OUTVOTED', `${operation}: ${replica} ${what}.`, { details: { operation, replica, dissented } });
  }
}
