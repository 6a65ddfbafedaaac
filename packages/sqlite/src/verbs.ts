import { ConflictError, StoreArgumentError } from '@redress/core';
import type { Claim, Expectation, Head, Loaded, Page, Query, Renewal } from '@redress/core';
import { find, handedOut } from './commit.js';
import type { Value } from './driver/driver.js';
import { dropEntries, entriesOf } from './entries.js';
import type { KnownHeads } from './known.js';
import { HEAD_COLUMNS, knownOf } from './tables.js';
import type { Tables } from './tables.js';
import { nameIn, nameOut } from './text.js';

/** To be called inside a transaction, so that both statements see one moment. */
export function load(tables: Tables, id: string, from: number, limit: number | undefined): Loaded | undefined {
  const known = find(tables, id);
  if (!known) return undefined;
  return { head: known.head, entries: limit === 0 ? [] : entriesOf(tables, known, from, limit) };
}

const DUE = 'SELECT stream, wake_at, id FROM head WHERE ns = ? AND kind = ? AND wake_at <= ?';
const IN_ORDER = 'ORDER BY wake_at, id LIMIT ?';
const TAKE = `
  UPDATE head SET version = version + 1, stamp = ?, owner = ?, wake_at = ?, claims = claims + 1
  WHERE stream = ? RETURNING ${HEAD_COLUMNS}`;

interface Due {
  readonly stream: number;
  readonly wakeAt: number;
  readonly id: string;
}

/** The streams that a claim would take at `now`, those due longest first. */
export function due(tables: Tables, { kinds, names, limit }: Claim, now: number): readonly Due[] {
  const found: Due[] = [];
  // Kind by kind, for then the index gives the order and nothing that is parked is read.
  for (const kind of new Set(kinds)) {
    const values = [tables.ns, nameIn(kind), now];
    const rows = names
      ? tables.all(`${DUE} AND name IN (SELECT value FROM json_each(?)) ${IN_ORDER}`, ...values, listIn(names), limit)
      : tables.all(`${DUE} ${IN_ORDER}`, ...values, limit);
    for (const { stream, wake_at, id } of rows) {
      found.push({ stream: stream as number, wakeAt: wake_at as number, id: id as string });
    }
  }
  return found.sort((a, b) => a.wakeAt - b.wakeAt || (a.id < b.id ? -1 : 1)).slice(0, limit);
}

function listIn(names: readonly string[]): string {
  return JSON.stringify(names.map(nameIn));
}

export function claim(tables: Tables, heads: KnownHeads, wanted: Claim, now: number, stamp: () => string): Head[] {
  return due(tables, wanted, now).map(({ stream }) => {
    const row = tables.get(TAKE, nameIn(stamp()), nameIn(wanted.owner), now + wanted.leaseMs, stream);
    const known = knownOf(row ?? {});
    heads.put(known);
    return handedOut(known.head);
  });
}

export function renew(tables: Tables, heads: KnownHeads, owner: string, id: string, wakeAt: number): Renewal {
  const own = 'UPDATE head SET wake_at = ? WHERE ns = ? AND id = ? AND owner = ? RETURNING version';
  const renewed = tables.get(own, wakeAt, tables.ns, nameIn(id), nameIn(owner));
  if (renewed) {
    heads.renewed(id, wakeAt);
    return { id, owner, version: renewed['version'] as number };
  }
  const other = tables.get('SELECT owner, version FROM head WHERE ns = ? AND id = ?', tables.ns, nameIn(id));
  if (!other) return { id, owner: null, version: 0 };
  return { id, owner: other['owner'] === null ? null : nameOut(other['owner']), version: other['version'] as number };
}

/** `now` is kept: the last entry, which tells how late it was, may go. */
export function drop(tables: Tables, heads: KnownHeads, id: string, expect: Exclude<Expectation, 'absent'>, now: number): boolean {
  const known = find(tables, id);
  if (!known) return false;
  const { version, stamp } = known.head;
  if (version !== expect.version || stamp !== expect.stamp) throw new ConflictError(id, 'version', { version });
  dropEntries(tables, known);
  for (const table of ['tag', 'head']) tables.run(`DELETE FROM ${table} WHERE stream = ?`, known.stream);
  heads.forget(id);
  tables.run('UPDATE clock SET at = max(at, ?)', now);
  return true;
}

/** One statement, so one moment. @throws StoreArgumentError when `after` is not a `next` of the same order. */
export function scan(tables: Tables, query: Query, limit: number): Page {
  const { kind, name, status, tag, order = 'id', after } = query;
  const columns = HEAD_COLUMNS.replace('stream', 'head.stream');
  let sql = `SELECT ${columns} FROM head WHERE ns = ?`;
  let values: Value[] = [tables.ns];
  if (tag) {
    // CROSS JOIN: from the tag to its streams, not through all streams.
    sql = `SELECT ${columns} FROM tag CROSS JOIN head ON head.stream = tag.stream WHERE tag.key = ? AND tag.value = ? AND ns = ?`;
    values = [nameIn(tag.key), nameIn(tag.value), tables.ns];
  }
  const also = (condition: string, ...more: readonly Value[]): void => {
    sql += ` AND ${condition}`;
    values.push(...more);
  };
  if (kind !== undefined) also('kind = ?', nameIn(kind));
  if (name !== undefined) also('name = ?', nameIn(name));
  if (status?.length === 1) also('status = ?', nameIn(status[0] ?? ''));
  else if (status) also('status IN (SELECT value FROM json_each(?))', listIn(status));
  if (order === 'wake') also('wake_at IS NOT NULL');
  if (after !== undefined && order === 'id') also('id > ?', nameIn(after));
  if (after !== undefined && order === 'wake') also('(wake_at, id) > (?, ?)', ...place(after));
  const rows = tables.all(`${sql} ORDER BY ${order === 'wake' ? 'wake_at, id' : 'id'} LIMIT ?`, ...values, limit + 1);
  const heads = rows.slice(0, limit).map((row) => knownOf(row).head);
  const last = heads.at(-1);
  if (!last || rows.length <= limit) return { heads };
  return { heads, next: order === 'wake' ? `${last.wakeAt}:${last.id}` : last.id };
}

function place(after: string): [number, string] {
  const colon = after.indexOf(':');
  const wakeAt = Number(after.slice(0, colon));
  if (colon > 0 && Number.isFinite(wakeAt)) return [wakeAt, nameIn(after.slice(colon + 1))];
  throw new StoreArgumentError(`after must be the next of a page in wake order; got ${JSON.stringify(after)}.`);
}
