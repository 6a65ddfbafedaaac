import { ConflictError, InvariantError } from '@redress/core';
import type { Change, Commit, Expectation, Head, HeadPatch, NewEntry } from '@redress/core';
import type { Value } from './driver/driver.js';
import { isFar, nearKeys, refuseOrRepeat, trim } from './entries.js';
import type { Appends } from './entries.js';
import type { KnownHeads } from './known.js';
import { withPlaces } from './places.js';
import { NEAR } from './schema.js';
import { HEAD_COLUMNS, knownOf } from './tables.js';
import type { Known, Tables } from './tables.js';
import { dataIn, nameIn } from './text.js';

/** What a commit needs besides its change. */
export interface Writing {
  readonly tables: Tables;
  readonly known: KnownHeads;
  readonly appends: Appends;
  /** The moment of the transaction, in milliseconds of the store's clock. */
  readonly at: number;
  /** The new stamp. */
  readonly stamp: string;
}

const FIND = `SELECT ${HEAD_COLUMNS} FROM head WHERE ns = ? AND id = ?`;

export function find(tables: Tables, id: string): Known | undefined {
  const row = tables.get(FIND, tables.ns, nameIn(id));
  return row && knownOf(row);
}

/**
 * Applies a change inside a transaction. In the good case nothing is read: the keys of the stream's first entries are
 * remembered with its head, the head is moved on by a statement that names the version and the stamp, and the entries follow
 * when the transaction ends. Where a key is there or nothing moves, the keys, and after them the guard, are judged one by one.
 */
export function commit(writing: Writing, change: Change): Commit {
  const { expect } = change;
  const written = expect === 'absent' ? create(writing, change) : advance(writing, change, expect);
  if (!written) return refuse(writing, change);
  writing.known.put(written);
  return { head: handedOut(written.head), applied: true };
}

/** Bytes are copied, for the known heads keep theirs. */
export function handedOut(head: Head): Head {
  return typeof head.meta === 'string' ? { ...head } : { ...head, meta: head.meta.slice() };
}

const CREATE = `
  INSERT INTO head (ns, id, kind, name, version, stamp, length, trimmed, status, owner, wake_at, claims, meta, tags, places)
  VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ns, id) DO NOTHING`;

function create({ tables, appends, at, stamp }: Writing, change: Change): Known | undefined {
  const { id, entries, create: of, head: patch = {} } = change;
  const none = { id, kind: of?.kind ?? '', name: of?.name ?? '', version: 0, stamp: '', length: 0 };
  const before: Head = { ...none, status: '', owner: null, wakeAt: null, claims: 0, meta: '', tags: {} };
  const head = patched(before, patch, entries.length, at, stamp);
  const trimmed = Math.min(change.trimTo ?? 0, entries.length);
  const places = withPlaces('', 0, entries.length, appends.next);
  const values: Value[] = [tables.ns, nameIn(id), nameIn(head.kind), nameIn(head.name), nameIn(stamp)];
  values.push(head.length, trimmed, nameIn(head.status), ownerIn(head.owner), head.wakeAt, head.claims);
  values.push(dataIn(head.meta), patch.tags ? JSON.stringify(head.tags) : '{}', places);
  const stream = tables.insert(CREATE, values);
  if (stream === undefined) return undefined;
  if (patch.tags) writeTags(tables, stream, patch.tags);
  return appended(tables, appends, { stream, trimmed, head, places, keys: [] }, change, 0, 0, at);
}

function advance(writing: Writing, change: Change, expect: Exclude<Expectation, 'absent'>): Known | undefined {
  const remembered = writing.known.get(change.id, expect);
  const written = remembered && moveOn(writing, change, remembered);
  if (written) return written;
  // What was remembered may be old: a renewal moves the lease's end under the same stamp.
  const before = find(writing.tables, change.id);
  if (before?.head.version !== expect.version || before.head.stamp !== expect.stamp) return undefined;
  return moveOn(writing, change, before);
}

/** Undefined when a key is there or the head is not as in `before`; nothing is changed then. */
function moveOn({ tables, appends, at, stamp }: Writing, change: Change, remembered: Known): Known | undefined {
  const { entries, head: patch = {} } = change;
  // All its entries are in the table: those that wait for the end of this transaction came with stamps that nobody can name yet.
  const before = remembered.keys ? remembered : { ...remembered, keys: nearKeys(tables, remembered) };
  if (isTaken(tables, before, entries)) return undefined;
  const { stream, head: old } = before;
  const head = patched(old, patch, entries.length, at, stamp);
  const trimmed = Math.max(before.trimmed, Math.min(change.trimTo ?? 0, head.length));
  const places = withPlaces(before.places, old.length, entries.length, appends.next);
  const after = { ...before, trimmed, head, places };
  if (!update(tables, before, after, patch)) return undefined;
  if (patch.tags) {
    tables.run('DELETE FROM tag WHERE stream = ?', stream);
    writeTags(tables, stream, patch.tags);
  }
  return appended(tables, appends, after, change, old.length, before.trimmed, at);
}

function isTaken(tables: Tables, known: Known, entries: readonly NewEntry[]): boolean {
  const { keys = [], head } = known;
  for (const { key } of entries) if (keys.includes(key)) return true;
  return head.length > NEAR && entries.length > 0 && isFar(tables, known, entries);
}

/** The head is written: its entries follow, and what they push out goes. */
function appended(tables: Tables, appends: Appends, known: Known, change: Change, first: number, trimmed: number, at: number): Known {
  const { entries } = change;
  appends.add(known.stream, first, entries, at);
  if (known.trimmed > trimmed) {
    appends.flush();
    trim(tables, known, trimmed, known.trimmed);
  }
  if (first >= NEAR) return known;
  return { ...known, keys: [...(known.keys ?? []), ...entries.slice(0, NEAR - first).map(({ key }) => key)] };
}

function patched(old: Head, patch: HeadPatch, appended: number, at: number, stamp: string): Head {
  const { wake } = patch;
  return {
    id: old.id,
    kind: old.kind,
    name: old.name,
    version: old.version + 1,
    stamp,
    length: old.length + appended,
    status: patch.status ?? old.status,
    owner: patch.owner === undefined ? old.owner : patch.owner,
    wakeAt: wake === undefined ? old.wakeAt : wake && ('at' in wake ? wake.at : at + wake.inMs),
    claims: patch.claims ?? old.claims,
    meta: patch.meta === undefined ? old.meta : typeof patch.meta === 'string' ? patch.meta : new Uint8Array(patch.meta),
    tags: patch.tags === undefined ? old.tags : Object.freeze({ ...patch.tags }),
  };
}

/** Names the columns that move and no others, so that only their indexes are touched. False: the head is not as in `before`. */
function update(tables: Tables, before: Known, { stream, trimmed, head, places }: Known, patch: HeadPatch): boolean {
  const { head: old } = before;
  const values: Value[] = [head.version, nameIn(head.stamp), head.length, places];
  let moved = 0;
  const set = (column: number, value: Value): void => {
    moved |= 1 << column;
    values.push(value);
  };
  if (head.status !== old.status) set(0, nameIn(head.status));
  if (head.owner !== old.owner) set(1, ownerIn(head.owner));
  if (patch.wake !== undefined) set(2, head.wakeAt);
  if (head.claims !== old.claims) set(3, head.claims);
  if (patch.meta !== undefined) set(4, dataIn(patch.meta));
  if (patch.tags !== undefined) set(5, JSON.stringify(head.tags));
  if (trimmed !== before.trimmed) set(6, trimmed);
  values.push(stream, old.version, nameIn(old.stamp));
  // A wake that stays is the stored one, which a renewal may have moved.
  if (patch.wake === undefined) values.push(old.wakeAt);
  return tables.runAll(updateOf(moved), values) === 1;
}

const COLUMNS = ['status', 'owner', 'wake_at', 'claims', 'meta', 'tags', 'trimmed'];
const WAKE = 1 << COLUMNS.indexOf('wake_at');
const updates: (string | undefined)[] = [];

/** The statement that moves these columns. Kept, for a text put together anew costs as much as running it. */
function updateOf(moved: number): string {
  const kept = updates[moved];
  if (kept !== undefined) return kept;
  const columns = COLUMNS.filter((_, i) => (moved & (1 << i)) !== 0).map((column) => `, ${column} = ?`);
  const sql = `UPDATE head SET version = ?, stamp = ?, length = ?, places = ?${columns.join('')} WHERE stream = ? AND version = ? AND stamp = ?`;
  return (updates[moved] = moved & WAKE ? sql : `${sql} AND wake_at IS ?`);
}

function ownerIn(owner: string | null): string | null {
  return owner === null ? null : nameIn(owner);
}

function writeTags(tables: Tables, stream: number, tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    tables.run('INSERT INTO tag (stream, key, value) VALUES (?, ?, ?)', stream, nameIn(key), nameIn(value));
  }
}

/** Why the change was not applied: a repeated commit is answered, all else is thrown. */
function refuse({ tables, appends }: Writing, { id, expect, entries }: Change): Commit {
  appends.flush();
  const there = find(tables, id);
  if (!there) throw new ConflictError(id, 'missing');
  if (refuseOrRepeat(tables, there, entries)) return { head: there.head, applied: false };
  const { version, stamp } = there.head;
  if (expect === 'absent') throw new ConflictError(id, 'exists', { version });
  if (expect.version !== version || expect.stamp !== stamp) throw new ConflictError(id, 'version', { version });
  throw new InvariantError(`"${id}" took no entries, and nothing stands in their way.`);
}
