import type { Ballot } from './ballot.js';

/** What a vote came to. */
export interface VoteResult<R = unknown> {
  readonly value: R;
  /** The replica whose answer this is; undefined for a mean. */
  readonly winner: string | undefined;
  /** How many votes it has. */
  readonly support: number;
  /** One of each configured replica, in their order. */
  readonly ballots: readonly Ballot<R>[];
  /** Replicas whose answers count and are unlike this one. */
  readonly dissent: readonly string[];
}
