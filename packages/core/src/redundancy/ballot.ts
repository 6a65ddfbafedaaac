/**
 * Why a replica's answer does not count: it `failed`, did not answer in time, `accept` refused it, it is `invalid` for the
 * voter (no number for a median), the replica is `quarantined`. When the vote was decided without it, it was `aborted`, left
 * to itself (`late`) or never asked (`idle`).
 */
export type BlankReason = 'failed' | 'timeout' | 'unaccepted' | 'invalid' | 'quarantined' | 'aborted' | 'late' | 'idle';

interface OfReplica {
  /** The replica's place among the configured ones, from 0, and its name. */
  readonly index: number;
  readonly replica: string;
}

/** What one of the configured replicas says: a value, a declared error, or nothing that counts. */
export type Ballot<T = unknown> = OfReplica &
  (
    | { readonly kind: 'value'; readonly value: T }
    /** A deterministic error that votes: see `errorsAsVotes`. */
    | { readonly kind: 'error'; readonly error: unknown }
    | { readonly kind: 'blank'; readonly reason: BlankReason; readonly error?: unknown; readonly value?: T }
  );

/** Whether two declared errors say the same: their kind and code, for messages may name the replica. */
export function sameError(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b].map((error) => (error ?? {}) as { readonly name?: unknown; readonly code?: unknown });
  return one?.name === other?.name && one?.code === other?.code && typeof a === typeof b;
}
