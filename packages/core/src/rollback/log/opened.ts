import type { Head } from '../../base/store.js';
import type { Place } from './checkpoint.js';
import type { Deduplicator } from './dedupe.js';
import type { LogMeta } from './meta.js';
import type { Outbox } from './outbox.js';
import type { Found } from './replayer.js';

/** What an opening has found. */
export interface Opened {
  readonly head: Head;
  readonly owner: string;
  readonly meta: LogMeta;
  /** The last message that is in the state, and the last that is in the log. */
  readonly position: number;
  readonly logged: number;
  readonly seen: Deduplicator;
  readonly found: readonly Found[];
  readonly outbox: Outbox;
  /** Puts the state back to what it was after this message. */
  readonly rebuild: (places: readonly Place[], length: number, upTo: number) => Promise<void>;
}
