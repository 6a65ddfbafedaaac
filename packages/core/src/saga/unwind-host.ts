import type { Environment } from '../base/environment.js';
import type { Operation } from './definition.js';
import type { Journal } from './journal.js';
import type { Around } from './step-call.js';

/** What going back needs of the run. */
export interface UnwindHost {
  readonly journal: Journal;
  readonly environment: Environment;
  readonly leaseMs: number;
  readonly around: Around | undefined;
  readonly stopping: boolean;
  /** The attempt of an undo that is under way, or the last one: settled when its code or its time has ended. Never rejected. */
  undoing: Promise<unknown>;
  /** Aborted when a pause is of no use any more. */
  readonly interrupted: AbortSignal;
  operation(name: string): Operation | undefined;
  /** The store's clock. */
  now(): Promise<number>;
  /** Leaves the run because nothing new is begun here. */
  putDown(): Promise<void>;
  /** Leaves the run to others, later and later. */
  leave(why: string): void;
  /** The error, or as much of it as can be kept. */
  encodable(error: unknown): unknown;
}
