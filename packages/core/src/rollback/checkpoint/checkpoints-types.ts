import type { Recoverable } from '../words.js';
import type { CheckpointNotes } from './durable.js';
import type { CheckpointInfo } from './history-view.js';
import type { SavepointPlace } from './savepoints.js';

/** How an object came to the state that it is served with. */
export interface RestoreInfo {
  /** Of the checkpoint; 0: there was none, and the state is the one that the constructor made. */
  readonly number: number;
  readonly incarnation: number;
  /** The version of the schema that it was stored under; undefined when there was none. */
  readonly schemaVersion: number | undefined;
  readonly logPosition?: number;
}

export interface CheckpointStart {
  /**
   * A checkpoint other than the newest, giving up what came after it; or a savepoint, also of another object: the state
   * begins with that. Default: the newest checkpoint.
   */
  readonly from?: number | SavepointPlace;
}

/** One attempt of a call that is repeated. */
export type Attempt = <T>(body: () => T | PromiseLike<T>) => Promise<T>;

/** The state of one object over time: calls that roll back, checkpoints, and the way back to them. */
export interface Checkpoints {
  readonly id: string | undefined;
  /**
   * Runs a body as one call: it stands when the body ends well; when it throws, what it wrote is taken back, and the same
   * error comes out. Within a call of the same object it is a savepoint. What is repeated within it goes by `attempt`, and
   * begins with the state of its beginning each time.
   * @throws LockTimeoutError, QueueFullError, CallDepthError, OptimisticConflictError, NotServedError.
   */
  run<T>(operation: string, body: (attempt: Attempt) => T | PromiseLike<T>): Promise<T>;
  /** Runs a body that only reads: it sees what is committed, and waits for nobody. @throws ReadOnlyError when it writes. */
  read<T>(operation: string, body: () => T): T;
  /**
   * Restores the state and takes the object over from whoever had it; the first call does it as well. Once.
   * @throws RecoveryFailedError, SchemaDriftError, FutureVersionError, MigrationError: nothing was written.
   */
  start(options?: CheckpointStart): Promise<RestoreInfo>;
  /**
   * Keeps the committed state, or what has changed of it. Calls go on meanwhile. `notes` is asked in the turn whose state is
   * kept: a save may wait for the one before. @throws UnsupportedValueError with the path.
   */
  save(notes?: () => CheckpointNotes): Promise<CheckpointInfo>;
  /** Back to the last checkpoint, to that with a number (0: as it was made), or to a savepoint. Appends a checkpoint; none is forgotten. */
  rollback(options?: { readonly to?: number | string }): Promise<CheckpointInfo>;
  /** One step further back each time: first what is in no checkpoint, then the last one, and so on. */
  undo(): Promise<CheckpointInfo>;
  history(): Promise<readonly CheckpointInfo[]>;
  /** Keeps the committed state under a name, until it is dropped. */
  savepoint(name: string): Promise<void>;
  savepoints(): Promise<readonly string[]>;
  /** False when there is none. */
  dropSavepoint(name: string): Promise<boolean>;
  /**
   * For message logs, rounds and snapshots, which keep the state themselves; one for each object without a store.
   * @throws UnsupportedValueError with the path; CheckpointVerbError when its checkpoints are kept in a store.
   */
  recoverable(): Recoverable;
  /** Takes no checkpoints by itself any more, and waits for the one that is being taken. */
  stop(): Promise<void>;
}
