import { ConflictError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import type { ProcessId } from '../words.js';
import { GroupMembersError } from './errors.js';
import { founded } from './group.js';
import type { GroupRecord, Recovery } from './group.js';

const GROUP = 'recovery-group';
const RECOVERY = 'group.recovered';

export function groupStream(group: string): string {
  return [GROUP, group].map(encodeURIComponent).join('/');
}

/** A change that is made once, whoever makes it: its key, and what it makes of the record; undefined: nothing is to be done. */
export interface Step {
  readonly key: string;
  readonly next: (group: GroupRecord) => { readonly group: GroupRecord; readonly recovery?: Recovery } | undefined;
}

/** Founds the group, or finds it. @throws GroupMembersError */
export async function found(store: Store, group: string, process: ProcessId, members: readonly ProcessId[]): Promise<GroupRecord> {
  const id = groupStream(group);
  const record = founded(members);
  try {
    const entries = [{ key: 'founded', type: 'group.founded', data: JSON.stringify(record) }];
    const { head } = await store.commit({
      id,
      expect: 'absent',
      create: { kind: GROUP, name: group },
      entries,
      head: { meta: JSON.stringify(record) },
    });
    // The same members have founded it before: the record is theirs.
    return recordIn(head.meta);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  const there = await readGroup(store, group);
  if (there.members.join() !== record.members.join()) {
    throw new GroupMembersError(group, there.members, `"${process}" was opened with ${record.members.join(', ')}`);
  }
  return there;
}

export async function readGroup(store: Store, group: string): Promise<GroupRecord> {
  return recordIn((await load(store, group)).meta);
}

/** Makes a step, unless it was made already; tried until nobody came between. */
export async function step(store: Store, group: string, { key, next }: Step): Promise<GroupRecord> {
  for (;;) {
    const { id, version, stamp, meta } = await load(store, group);
    const change = next(recordIn(meta));
    if (!change) return recordIn(meta);
    const data = change.recovery ? JSON.stringify(change.recovery) : '';
    const entry = { key, type: change.recovery ? RECOVERY : 'group.step', data };
    try {
      const { head } = await store.commit({
        id,
        expect: { version, stamp },
        entries: [entry],
        head: { meta: JSON.stringify(change.group) },
      });
      return recordIn(head.meta);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // The step is made already, perhaps with other words: what stands there is what counts.
      if (error.reason !== 'version') return readGroup(store, group);
    }
  }
}

/** All recoveries of a group, the oldest first: their lines, and why. */
export async function recoveriesOf(store: Store, group: string): Promise<readonly Recovery[]> {
  const entries = (await store.load(groupStream(group)))?.entries ?? [];
  return entries.filter(({ type }) => type === RECOVERY).map(({ data }) => JSON.parse(String(data)) as Recovery);
}

async function load(store: Store, group: string): Promise<Head> {
  const loaded = await store.load(groupStream(group), { limit: 0 });
  if (!loaded) throw new ConflictError(groupStream(group), 'missing');
  return loaded.head;
}

function recordIn(meta: Head['meta']): GroupRecord {
  return JSON.parse(String(meta)) as GroupRecord;
}
