import { ConflictError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import type { ProcessId } from '../words.js';
import type { Range } from './markers.js';

/** The head of a snapshot's stream. */
export interface SnapshotRecord {
  readonly name: string;
  readonly epoch: number;
  readonly members: readonly ProcessId[];
  /** `open`: being taken. `whole`: all states and channels are known. `over`: given up, or released. */
  readonly status: 'open' | 'whole' | 'over';
  /** The checkpoint that holds the state of each process. */
  readonly states: Readonly<Record<ProcessId, number>>;
  /** For each receiver and sender: where in the channel the messages in transit lie. */
  readonly channels: Readonly<Record<ProcessId, Readonly<Record<ProcessId, Range>>>>;
}

const SNAPSHOT = 'snapshot';

export function snapshotStream(group: string, name: string): string {
  return [SNAPSHOT, group, name].map(encodeURIComponent).join('/');
}

export function begin(name: string, epoch: number, members: readonly ProcessId[]): SnapshotRecord {
  return { name, epoch, members, status: 'open', states: {}, channels: {} };
}

/** A process adds what it knows. Whole, when nothing is missing any more. */
export function withPart(record: SnapshotRecord, id: ProcessId, checkpoint: number, ranges: ReadonlyMap<ProcessId, Range>): SnapshotRecord {
  if (record.status !== 'open') return record;
  const states = { ...record.states, [id]: checkpoint };
  const channels = { ...record.channels, [id]: Object.fromEntries(ranges) };
  const isWhole = record.members.every(
    (to) => states[to] !== undefined && record.members.every((from) => from === to || channels[to]?.[from] !== undefined),
  );
  return { ...record, states, channels, status: isWhole ? 'whole' : 'open' };
}

export async function readRecord(store: Store, group: string, name: string): Promise<SnapshotRecord | undefined> {
  const loaded = await store.load(snapshotStream(group, name), { limit: 0 });
  return loaded && recordIn(loaded.head);
}

/** Changes the record, made by `first` where there is none; tried until nobody came between. Each change may be repeated. */
export async function amend(
  store: Store,
  group: string,
  first: SnapshotRecord,
  change: (record: SnapshotRecord) => SnapshotRecord,
): Promise<SnapshotRecord> {
  const id = snapshotStream(group, first.name);
  for (;;) {
    const head = (await store.load(id, { limit: 0 }))?.head;
    const before = head ? recordIn(head) : first;
    const record = change(before);
    if (head && record === before) return record;
    const meta = JSON.stringify(record);
    try {
      if (head) await store.commit({ id, expect: { version: head.version, stamp: head.stamp }, entries: [], head: { meta } });
      else await store.commit({ id, expect: 'absent', create: { kind: SNAPSHOT, name: group }, entries: [created(meta)], head: { meta } });
      return record;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

function created(data: string): { key: string; type: string; data: string } {
  return { key: 'begun', type: 'snapshot.begun', data };
}

function recordIn({ meta }: Head): SnapshotRecord {
  return JSON.parse(String(meta)) as SnapshotRecord;
}
