import type { HeadPatch, NewEntry } from '../base/store.js';
import type { History } from './history.js';
import type { JournalRecord } from './records.js';

/** An entry of the next commit, and what it tells. */
export interface Buffered {
  readonly entry: NewEntry;
  readonly told: JournalRecord;
}

/** A store takes so many in one commit at least. */
export const MOST_ENTRIES = 900;

/** One that asked for a commit. */
export interface Write {
  readonly patch: HeadPatch;
  readonly done: (error?: unknown) => void;
}

/** A commit is not made: what others have written forbids it. */
export class TooLate extends Error {}

/** Announces what has become durable. */
export function tellWritten(
  journal: { readonly history: History; tell(name: string, more: object): void },
  batch: readonly Buffered[],
): void {
  for (const { told } of batch) {
    const step = told.n === 0 ? undefined : journal.history.step(told.n).intent.operation;
    const error = 'error' in told.record ? told.record.error : 'cause' in told.record ? told.record.cause : undefined;
    journal.tell(told.type, {
      ...(step === undefined ? {} : { step }),
      ...(error === undefined ? {} : { error }),
      details: told.record as object,
    });
  }
}
