import type { Data } from '../base/store.js';

/** A recoverable holder of state with a stable id. One operating-system process may host many. */
export type ProcessId = string;

/** Names one message for ever. Sequences start at 1 and count what the sender's present incarnation and those before it sent. */
export interface MessageId {
  readonly sender: ProcessId;
  /** Grows by 1 with each recovery and each rollback of the sender, durable before anything else. */
  readonly incarnation: number;
  readonly sequence: number;
}

/**
 * One checkpoint number for each process. 0 is the initial state and always exists; one more than the last durable
 * checkpoint is the volatile present.
 */
export type Line = Readonly<Record<ProcessId, number>>;

/** For each sender the greatest interval of it that somebody has received a message from. */
export type DependencyVector = Readonly<Record<ProcessId, number>>;

/** What a process keeps: checkpoints, message logs, rounds and snapshots save and restore it through this alone. */
export interface Recoverable {
  readonly id: ProcessId;
  /** The whole state, in a form that `restore` reads. Synchronous, and never half of an operation. */
  capture(): Data;
  /** What has changed since the last `capture` or `delta`; undefined: only a whole `capture` can tell. */
  delta?(): Data | undefined;
  /** Puts the state back: a whole one, then the deltas in their order. Undefined: the initial state. */
  restore(state: Data | undefined, deltas: readonly Data[]): void;
}
