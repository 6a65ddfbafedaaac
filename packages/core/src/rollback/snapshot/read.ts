import type { Data, Store } from '../../base/store.js';
import type { Message } from '../channel/entry.js';
import { readRange } from '../channel/read.js';
import { isGhost } from '../independent/group.js';
import { readGroup } from '../independent/group-stream.js';
import { processStream, recordOf } from '../independent/records.js';
import type { ProcessId } from '../words.js';
import { SnapshotMissingError } from './errors.js';
import { readRecord } from './record.js';

/** A consistent state of a whole group: what each process was, and what was on its way. */
export interface GlobalState {
  readonly name: string;
  readonly states: readonly { readonly process: ProcessId; readonly checkpoint: number; readonly state: Data }[];
  readonly channels: readonly { readonly from: ProcessId; readonly to: ProcessId; readonly messages: readonly Message[] }[];
}

/** Reads a snapshot. @throws SnapshotMissingError when it is not whole, or something of it was undone or released. */
export async function readSnapshot(store: Store, group: string, name: string): Promise<GlobalState> {
  const record = await readRecord(store, group, name);
  if (record?.status !== 'whole') throw new SnapshotMissingError(name, record ? `it is ${record.status}` : 'there is none');
  const states = await Promise.all(
    record.members.map((process) => readState(store, group, name, process, record.states[process] as number)),
  );
  const pairs = record.members.flatMap((to) => record.members.filter((from) => from !== to).map((from) => ({ from, to })));
  const now = await readGroup(store, group);
  const isKept = ({ id, notes }: Message): boolean => !isGhost(now, id, notes['interval'] ?? 0);
  const channels = await Promise.all(
    pairs.map(async ({ from, to }) => {
      const range = record.channels[to]?.[from] ?? { from: 0, to: 0 };
      const items = await readRange(store, { group, from, to }, range.from, range.to);
      return { from, to, messages: items.flatMap((item) => (item.kind === 'message' && isKept(item.message) ? [item.message] : [])) };
    }),
  );
  return { name, states, channels };
}

async function readState(
  store: Store,
  group: string,
  name: string,
  process: ProcessId,
  checkpoint: number,
): Promise<GlobalState['states'][number]> {
  const id = processStream(group, process);
  const head = (await store.load(id, { limit: 0 }))?.head;
  const entry = head && recordOf(head).checkpoints.find(({ number }) => number === checkpoint)?.entry;
  const found = entry === undefined ? undefined : (await store.load(id, { from: entry, limit: 1 }))?.entries[0];
  if (!found || found.index !== entry) throw new SnapshotMissingError(name, `checkpoint ${checkpoint} of "${process}" is gone`);
  return { process, checkpoint, state: found.data };
}
