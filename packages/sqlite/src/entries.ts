import { ConflictError } from '@redress/core';
import type { Data, Entry, NewEntry } from '@redress/core';
import type { Row, Value } from './driver/driver.js';
import { placesIn } from './places.js';
import { NEAR } from './schema.js';
import { entryOf } from './tables.js';
import type { Known, Tables } from './tables.js';
import { dataIn, dataOut, nameIn, nameOut } from './text.js';

/** Rows of one statement, so that few statements serve every number of rows. */
const CHUNKS = [64, 16, 4, 2, 1];
const VALUES = 7;

const APPENDS = new Map(
  CHUNKS.map((rows) => [
    rows,
    `INSERT INTO entry (position, stream, idx, key, type, data, at) VALUES ${Array(rows).fill('(?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
  ]),
);

/**
 * The entries of one transaction, written together: a statement of many rows costs a fraction of as many statements. Who
 * reads entries inside the transaction flushes first.
 */
export class Appends {
  readonly #tables: Tables;
  #values: Value[] = [];
  #next = 1;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** A transaction begins, after the entry at `last`; what was left of one that failed is forgotten. */
  begin(last: number): void {
    this.#values = [];
    this.#next = last + 1;
  }

  /** Where the next entry goes. */
  get next(): number {
    return this.#next;
  }

  add(stream: number, first: number, entries: readonly NewEntry[], at: number): void {
    let idx = first;
    for (const { key, type, data } of entries) {
      this.#values.push(this.#next++, stream, idx++, nameIn(key), nameIn(type), dataIn(data), at);
    }
  }

  flush(): void {
    const values = this.#values;
    if (values.length === 0) return;
    this.#values = [];
    let done = 0;
    for (const rows of CHUNKS) {
      for (const size = rows * VALUES; values.length - done >= size; done += size) {
        const some = values.length === size ? values : values.slice(done, done + size);
        this.#tables.runAll(APPENDS.get(rows) as string, some);
      }
    }
  }
}

const AT = '(SELECT value FROM json_each(?))';
const NEAR_ENTRIES = `SELECT idx, key, type, data, at FROM entry WHERE position IN ${AT} ORDER BY position`;
const NEAR_KEYS = `SELECT key FROM entry WHERE position IN ${AT} ORDER BY position`;
const FAR_ENTRIES = `
  SELECT idx, key, type, data, at FROM entry
  WHERE stream = ? AND idx >= ? AND idx >= ${NEAR} ORDER BY idx LIMIT ?`;
const FAR_KEY = `SELECT idx, key, type, data FROM entry WHERE stream = ? AND key = ? AND idx >= ${NEAR}`;
const FAR_KEYS = `SELECT key FROM entry WHERE stream = ? AND key IN ${AT} AND idx >= ${NEAR} LIMIT 1`;
const FORGET = "SET type = '', data = NULL WHERE";

/** From `from` on, trimmed ones left out; at most `limit`. */
export function entriesOf(tables: Tables, { stream, trimmed, head, places }: Known, from: number, limit = Infinity): readonly Entry[] {
  const first = Math.max(from, trimmed);
  const near = placesIn(places).slice(first, first + limit);
  const found = near.length === 0 ? [] : tables.all(NEAR_ENTRIES, JSON.stringify(near));
  const left = limit - near.length;
  if (head.length <= NEAR || left <= 0) return found.map(entryOf);
  const far = tables.all(FAR_ENTRIES, stream, first, left === Infinity ? -1 : left);
  return [...found, ...far].map(entryOf);
}

/** The keys of the first entries. */
export function nearKeys(tables: Tables, { places }: Known): readonly string[] {
  const near = placesIn(places);
  return near.length === 0 ? [] : tables.all(NEAR_KEYS, JSON.stringify(near)).map(({ key }) => nameOut(key));
}

/** Whether a later entry has one of these keys. */
export function isFar(tables: Tables, { stream, head }: Known, entries: readonly NewEntry[]): boolean {
  return head.length > NEAR && tables.get(FAR_KEYS, stream, JSON.stringify(entries.map(({ key }) => nameIn(key)))) !== undefined;
}

export function trim(tables: Tables, { stream, places }: Known, from: number, to: number): void {
  if (to <= from) return;
  if (from < NEAR) tables.run(`UPDATE entry ${FORGET} position IN ${AT}`, JSON.stringify(placesIn(places).slice(from, to)));
  if (to > NEAR) tables.run(`UPDATE entry ${FORGET} stream = ? AND idx >= ? AND idx < ? AND idx >= ${NEAR}`, stream, from, to);
}

export function dropEntries(tables: Tables, { stream, head, places }: Known): void {
  tables.run(`DELETE FROM entry WHERE position IN ${AT}`, JSON.stringify(placesIn(places)));
  if (head.length > NEAR) tables.run(`DELETE FROM entry WHERE stream = ? AND idx >= ${NEAR}`, stream);
}

/** True when all keys are there with equal type and data. @throws ConflictError on any other presence. */
export function refuseOrRepeat(tables: Tables, there: Known, entries: readonly NewEntry[]): boolean {
  const { head, stream, places } = there;
  const near = new Map(tables.all(NEAR_ENTRIES, JSON.stringify(placesIn(places))).map((row) => [nameOut(row['key']), row]));
  let present = 0;
  let other: string | undefined;
  for (const { key, type, data } of entries) {
    const row: Row | undefined = near.get(key) ?? tables.get(FAR_KEY, stream, nameIn(key));
    if (!row) continue;
    present += 1;
    if (row['data'] === null) throw new ConflictError(head.id, 'trimmed', { key });
    if (nameOut(row['type']) !== type || !sameData(dataOut(row['data']), data)) other = key;
  }
  if (other !== undefined) throw new ConflictError(head.id, 'key', { key: other });
  if (present > 0 && present < entries.length) throw new ConflictError(head.id, 'key');
  return present > 0;
}

function sameData(a: Data, b: Data): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
