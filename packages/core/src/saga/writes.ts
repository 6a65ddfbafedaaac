import type { HeadPatch, NewEntry } from '../base/store.js';
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
