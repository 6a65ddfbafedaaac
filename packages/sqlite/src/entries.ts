import { ConflictError } from '@redress/core';
import type { Data, NewEntry } from '@redress/core';
import type { Known, Tables } from './tables.js';
import { dataOut, nameIn, nameOut } from './text.js';

/** Up to this many entries the statement that appends them is kept. */
export const KEPT_APPENDS = 16;

const texts = new Map<number, string>();

/** Appends so many entries. */
export function appendSql(count: number): string {
  let sql = texts.get(count);
  if (sql) return sql;
  sql = `INSERT INTO entry (stream, idx, key, type, data, at) VALUES ${Array(count).fill('(?, ?, ?, ?, ?, ?)').join(', ')}`;
  texts.set(count, sql);
  return sql;
}

const KEY = 'SELECT idx, type, data FROM entry WHERE stream = ? AND key = ?';

/** True when all keys are there with equal type and data. @throws ConflictError on any other presence. */
export function refuseOrRepeat(tables: Tables, { stream, head }: Known, entries: readonly NewEntry[]): boolean {
  let present = 0;
  let other: string | undefined;
  for (const { key, type, data } of entries) {
    const row = tables.get(KEY, stream, nameIn(key));
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
