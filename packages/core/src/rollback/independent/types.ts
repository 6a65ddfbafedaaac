import type { Duration } from '../../base/duration.js';
import type { Environment } from '../../base/environment.js';
import type { Data, Store } from '../../base/store.js';
import type { DominoReport } from '../line/explain.js';
import type { MessageId, ProcessId, Recoverable } from '../words.js';
import type { Recovery } from './group.js';

export interface Outgoing {
  readonly to: ProcessId;
  readonly data: Data;
}

export interface Incoming {
  readonly id: MessageId;
  readonly from: ProcessId;
  readonly data: Data;
}

/** Sends to another process of the group: kept until the work that sends has ended, and dropped when it throws. */
export type Send = (to: ProcessId, data: Data) => void;

export interface IndependentOptions {
  readonly store: Store;
  /** Default: the computer's. */
  readonly environment?: Environment;
  readonly group: string;
  /** All processes of the group, this one included: the same for all of them, and for ever. */
  readonly members: readonly ProcessId[];
  readonly process: Recoverable;
  /**
   * Handles a message: changes the state, and sends. What it throws ends this life of the process, and the message comes again
   * after the recovery.
   */
  readonly receive: (message: Incoming, send: Send) => void | Promise<void>;
  /** How long after a checkpoint the next one is taken. `never`: only when asked for, and when forced. Default: '5s'. */
  readonly every?: Duration | 'never';
  /**
   * `bcs`: a checkpoint is taken before a message is delivered that would make one useless (Briatico, Ciuffoletti, Simoncini, "A
   * distributed domino-effect free recovery algorithm", 1984). `none`: never, and a failure may take all back to the start.
   * Default: `bcs`.
   */
  readonly forced?: 'bcs' | 'none';
  /** `needed`: checkpoints that no failure will ever need are forgotten. `all`: none is, to look at later. Default: `needed`. */
  readonly keep?: 'needed' | 'all';
  /** How often one looks for messages and recoveries while there are none. Default: '50ms'. */
  readonly poll?: Duration;
}

/** One process of a group, in one life of it. */
export interface IndependentProcess {
  readonly id: ProcessId;
  readonly incarnation: number;
  /** The numbers of those that are kept, ascending. */
  readonly checkpoints: readonly number[];
  /** Messages of undone intervals that were dropped on arrival. */
  readonly ghosts: number;
  /** Checkpoints that were taken because of a message. */
  readonly forced: number;
  /**
   * Runs `work` while nothing else is at work here (so never from within a handler or other work: that would wait for itself), and sends what it sends when it has ended. What it throws comes out, and
   * nothing is sent: it must leave the state as it was.
   * @throws ProcessEndedError
   */
  run<T>(work: (send: Send) => T | Promise<T>): Promise<T>;
  /** Takes a checkpoint when what is at work now has ended; answers its number. */
  checkpoint(): Promise<number>;
  /**
   * Goes back to a checkpoint (default: the last one). `instance`: only if nobody else has to; `group`: with all who have to.
   * @throws OrphansError with the report, when others would have to and `scope` is `instance`; nothing was changed.
   */
  rollback(options?: { readonly to?: number; readonly scope?: 'instance' | 'group' }): Promise<Recovery>;
  /**
   * Takes a snapshot of the whole group by markers, and answers its name when it is whole: each state is a pinned checkpoint, and
   * what was on its way is kept in the channels. `within`: default '10s'.
   * @throws SnapshotAbortedError when a recovery came between, or the time was over.
   */
  snapshot(options?: { readonly name?: string; readonly within?: Duration }): Promise<string>;
  /** Takes the whole group back to a snapshot; what was on its way comes again, once. @throws SnapshotMissingError */
  restoreSnapshot(name: string): Promise<Recovery>;
  /** A snapshot need not be kept any more. */
  releaseSnapshot(name: string): Promise<void>;
  /** What a failure of this process would cost now, by what all have written and this one has received. */
  domino(): Promise<DominoReport>;
  /** Resolves when this life has ended: with undefined after `stop`, else with what it failed of. */
  readonly ended: Promise<unknown>;
  /** Takes a last checkpoint and ends this life: the next one begins with a recovery that costs nobody anything. */
  stop(): Promise<void>;
}
