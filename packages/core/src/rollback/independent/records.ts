import type { Head } from '../../base/store.js';
import type { ProcessId } from '../words.js';

/** What was received from one sender in one interval: its greatest interval, and a message from there. */
export interface Received {
  readonly interval: number;
  /** The message's name in reports. */
  readonly name: string;
}

export type ReceivedFrom = Readonly<Record<ProcessId, Received>>;

/** What goes with the state of a checkpoint, in the same commit. */
export interface CheckpointRecord {
  readonly number: number;
  /** The index of the entry that holds the state. */
  readonly entry: number;
  /** The index in the sense of Briatico, Ciuffoletti and Simoncini. */
  readonly index: number;
  readonly takenAt: number;
  /** The dependency vector of the interval that it ends. */
  readonly received: ReceivedFrom;
  /** Where to go on reading each incoming channel. */
  readonly positions: Readonly<Record<ProcessId, number>>;
  /** How many messages were sent. */
  readonly sequence: number;
}

/** The head of a process's stream: all about its checkpoints except the states. */
export interface ProcessRecord {
  readonly process: ProcessId;
  readonly incarnation: number;
  /** Those that are there, ascending. */
  readonly checkpoints: readonly CheckpointRecord[];
  /** Those of them that are never forgotten by themselves, each with the name of who asked for it. */
  readonly pinned: Readonly<Record<string, number>>;
  /** The greatest number that was ever used. */
  readonly highest: number;
  /** The last epoch whose line was applied. */
  readonly applied: number;
  /** The last epoch that this process has told what it has for. */
  readonly answered: number;
  /** What was received in the open interval, at the time of the answer; null: the present is lost. */
  readonly open: ReceivedFrom | null;
}

export const PROCESS = 'recoverable';

export function processStream(group: string, process: ProcessId): string {
  return [PROCESS, group, process].map(encodeURIComponent).join('/');
}

export function recordOf({ meta }: Pick<Head, 'meta'>): ProcessRecord {
  return JSON.parse(String(meta)) as ProcessRecord;
}

/** What both have received, together. */
export function mergeReceived(a: ReceivedFrom, b: ReceivedFrom): ReceivedFrom {
  const merged: Record<ProcessId, Received> = { ...a };
  for (const [from, one] of Object.entries(b)) if (one.interval > (merged[from]?.interval ?? 0)) merged[from] = one;
  return merged;
}

/** The record without some checkpoints; what their intervals received counts for the next one that stays. */
export function without(record: ProcessRecord, isGone: (number: number) => boolean): ProcessRecord {
  const checkpoints: CheckpointRecord[] = [];
  let carried: ReceivedFrom = {};
  for (const one of record.checkpoints) {
    const received = mergeReceived(carried, one.received);
    if (isGone(one.number)) carried = received;
    else {
      // What came before the first one that stays is never undone any more.
      checkpoints.push({ ...one, received: checkpoints.length === 0 ? {} : received });
      carried = {};
    }
  }
  return { ...record, checkpoints };
}
