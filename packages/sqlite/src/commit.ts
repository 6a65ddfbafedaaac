import { ConflictError, InvariantError } from '@redress/core';
import type { Change, Commit, Expectation, Head, HeadPatch } from '@redress/core';
import { isDuplicate } from './driver/driver.js';
import type { Value } from './driver/driver.js';
import { appendSql, KEPT_APPENDS, refuseOrRepeat } from './entries.js';
import type { KnownHeads } from './known.js';
import { HEAD_COLUMNS, knownOf } from './tables.js';
import type { Known, Tables } from './tables.js';
import { dataIn, nameIn } from './text.js';

/** What a commit needs besides its change. */
export interface Writing {
  readonly tables: Tables;
  readonly known: KnownHeads;
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
 * Applies a change inside a transaction. In the good case nothing is read: the entries are appended, which fails as a whole
 * on a key that is there, and the head is moved on by a statement that names the version and the stamp; where it moves
 * nothing, the entries are taken back. Only then are the keys, and after them the guard, judged one by one.
 */
export function commit(writing: Writing, change: Change): Commit {
  const { expect } = change;
  const written = expect === 'absent' ? create(writing, change) : advance(writing, change, expect);
  if (!written) return refuse(writing.tables, change);
  writing.known.put(written);
  return { head: handedOut(written.head), applied: true };
}

/** Bytes are copied, for the known heads keep theirs. */
export function handedOut(head: Head): Head {
  return typeof head.meta === 'string' ? { ...head } : { ...head, meta: head.meta.slice() };
}

const CREATE = `
  INSERT INTO head (ns, id, kind, name, version, stamp, length, trimmed, status, owner, wake_at, claims, meta, tags)
  VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ns, id) DO NOTHING`;

function create({ tables, at, stamp }: Writing, change: Change): Known | undefined {
  const { id, entries, create: of, head: patch = {} } = change;
  const none = { id, kind: of?.kind ?? '', name: of?.name ?? '', version: 0, stamp: '', length: 0 };
  const before: Head = { ...none, status: '', owner: null, wakeAt: null, claims: 0, meta: '', tags: {} };
  const head = patched(before, patch, entries.length, at, stamp);
  const trimmed = Math.min(change.trimTo ?? 0, entries.length);
  const names = [nameIn(id), nameIn(head.kind), nameIn(head.name), nameIn(stamp)];
  const rest = [nameIn(head.status), ownerIn(head.owner), head.wakeAt, head.claims, dataIn(head.meta)];
  const stream = tables.insert(CREATE, tables.ns, ...names, head.length, trimmed, ...rest, JSON.stringify(head.tags));
  if (stream === undefined) return undefined;
  // The stream's number is new, so nothing can be in the way.
  if (!append(tables, stream, change, at, 0)) throw new InvariantError(`"${id}" has entries already.`);
  trim(tables, stream, 0, trimmed);
  if (patch.tags) writeTags(tables, stream, patch.tags);
  return { stream, trimmed, head };
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
function moveOn({ tables, at, stamp }: Writing, change: Change, before: Known): Known | undefined {
  const { entries, head: patch = {} } = change;
  const { stream, head: old } = before;
  if (!append(tables, stream, change, at, old.length)) return undefined;
  const head = patched(old, patch, entries.length, at, stamp);
  const trimmed = Math.max(before.trimmed, Math.min(change.trimTo ?? 0, head.length));
  if (!update(tables, before, { stream, trimmed, head }, patch)) {
    tables.run('DELETE FROM entry WHERE stream = ? AND idx >= ? AND idx < ?', stream, old.length, head.length);
    return undefined;
  }
  trim(tables, stream, before.trimmed, trimmed);
  if (patch.tags) {
    tables.run('DELETE FROM tag WHERE stream = ?', stream);
    writeTags(tables, stream, patch.tags);
  }
  return { stream, trimmed, head };
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
function update(tables: Tables, before: Known, { stream, trimmed, head }: Known, patch: HeadPatch): boolean {
  let sql = 'UPDATE head SET version = ?, stamp = ?, length = ?';
  const values: Value[] = [head.version, nameIn(head.stamp), head.length];
  const set = (column: string, value: Value): void => {
    sql += `, ${column} = ?`;
    values.push(value);
  };
  if (head.status !== before.head.status) set('status', nameIn(head.status));
  if (head.owner !== before.head.owner) set('owner', ownerIn(head.owner));
  if (patch.wake !== undefined) set('wake_at', head.wakeAt);
  if (head.claims !== before.head.claims) set('claims', head.claims);
  if (patch.meta !== undefined) set('meta', dataIn(patch.meta));
  if (patch.tags !== undefined) set('tags', JSON.stringify(head.tags));
  if (trimmed !== before.trimmed) set('trimmed', trimmed);
  sql += ' WHERE stream = ? AND version = ? AND stamp = ?';
  values.push(stream, before.head.version, nameIn(before.head.stamp));
  if (patch.wake !== undefined) return tables.run(sql, ...values) === 1;
  return tables.run(`${sql} AND wake_at IS ?`, ...values, before.head.wakeAt) === 1;
}

function ownerIn(owner: string | null): string | null {
  return owner === null ? null : nameIn(owner);
}

/** False when a key is there: nothing was appended then. */
function append(tables: Tables, stream: number, { entries }: Change, at: number, first: number): boolean {
  if (entries.length === 0) return true;
  const values: Value[] = [];
  let idx = first;
  for (const { key, type, data } of entries) values.push(stream, idx++, nameIn(key), nameIn(type), dataIn(data), at);
  const sql = appendSql(entries.length);
  try {
    if (entries.length > KEPT_APPENDS) tables.runOnce(sql, values);
    else tables.run(sql, ...values);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

function trim(tables: Tables, stream: number, from: number, to: number): void {
  if (to > from) tables.run("UPDATE entry SET type = '', data = NULL WHERE stream = ? AND idx >= ? AND idx < ?", stream, from, to);
}

function writeTags(tables: Tables, stream: number, tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) {
    tables.run('INSERT INTO tag (stream, key, value) VALUES (?, ?, ?)', stream, nameIn(key), nameIn(value));
  }
}

/** Why the change was not applied: a repeated commit is answered, all else is thrown. */
function refuse(tables: Tables, { id, expect, entries }: Change): Commit {
  const there = find(tables, id);
  if (!there) throw new ConflictError(id, 'missing');
  if (refuseOrRepeat(tables, there, entries)) return { head: there.head, applied: false };
  const { version, stamp } = there.head;
  if (expect === 'absent') throw new ConflictError(id, 'exists', { version });
  if (expect.version !== version || expect.stamp !== stamp) throw new ConflictError(id, 'version', { version });
  throw new InvariantError(`"${id}" took no entries, and nothing stands in their way.`);
}
