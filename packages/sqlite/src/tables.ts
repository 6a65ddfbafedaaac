import type { Entry, Head } from '@redress/core';
import type { Connection, Row, Statement, Value } from './driver/driver.js';
import { dataOut, nameOut } from './text.js';

/** What the verbs work with: one namespace of one open file. */
export class Tables {
  readonly ns: number;
  readonly #connection: Connection;
  readonly #statements = new Map<string, Statement>();

  constructor(connection: Connection, ns: number) {
    this.#connection = connection;
    this.ns = ns;
  }

  /** Prepared once and kept: to be called with few different texts. */
  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }

  /** The number of rows changed. */
  run(sql: string, ...values: readonly Value[]): number {
    return this.#statement(sql).run(values);
  }

  /** The new row's number; undefined when a conflict kept it out. */
  insert(sql: string, values: readonly Value[]): number | undefined {
    return this.#statement(sql).insert(values);
  }

  get(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(sql).get(values);
  }

  all(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#statement(sql).all(values);
  }

  /** The same with the values as they are, for many of them. */
  runAll(sql: string, values: readonly Value[]): number {
    return this.#statement(sql).run(values);
  }

  /** Lets go of the statements, which hold the file open with some drivers. */
  forget(): void {
    this.#statements.clear();
  }
}

export const HEAD_COLUMNS = 'stream, id, kind, name, version, stamp, length, trimmed, status, owner, wake_at, claims, meta, tags, places';

/** A head, and what only the adapter knows of its stream. */
export interface Known {
  readonly stream: number;
  readonly trimmed: number;
  readonly head: Head;
  /** Where its first entries lie. */
  readonly places: string;
  /** The keys of its first entries, once they were needed. */
  readonly keys?: readonly string[];
}

export function knownOf(row: Row): Known {
  const head: Head = {
    id: nameOut(row['id']),
    kind: nameOut(row['kind']),
    name: nameOut(row['name']),
    version: row['version'] as number,
    stamp: nameOut(row['stamp']),
    length: row['length'] as number,
    status: nameOut(row['status']),
    owner: row['owner'] === null ? null : nameOut(row['owner']),
    wakeAt: row['wake_at'] as number | null,
    claims: row['claims'] as number,
    meta: dataOut(row['meta']),
    tags: tagsOut(row['tags'] as string),
  };
  return { stream: row['stream'] as number, trimmed: row['trimmed'] as number, head, places: row['places'] as string };
}

const NO_TAGS = Object.freeze({});

function tagsOut(json: string): Head['tags'] {
  return json === '{}' ? NO_TAGS : Object.freeze(JSON.parse(json) as Record<string, string>);
}

export function entryOf(row: Row): Entry {
  return {
    index: row['idx'] as number,
    key: nameOut(row['key']),
    type: nameOut(row['type']),
    data: dataOut(row['data']),
    at: row['at'] as number,
  };
}
