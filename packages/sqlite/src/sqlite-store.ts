import { basename, resolve } from 'node:path';
import { checkChange, checkClaim, checkLease, checkQuery, StoreError, systemClock, systemRandom } from '@redress/core';
import type { Change, Claim, Clock, Commit, Data, Expectation, Head, Loaded, Page, Query, Random, Renewal, Store } from '@redress/core';
import { commit } from './commit.js';
import { rollBack } from './driver/driver.js';
import type { Connection, Row } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { Appends } from './entries.js';
import { KnownHeads } from './known.js';
import { openFile } from './open-file.js';
import type { Opened } from './open-file.js';
import { checkOptions, DEFAULT_BUSY_TIMEOUT_MS } from './options.js';
import type { SqliteStoreOptions } from './options.js';
import { sameFile } from './same-file.js';
import { Tables } from './tables.js';
import { Turns } from './turns.js';
import { claim, drop, due, load, renew, scan } from './verbs.js';

/**
 * A store in one file of this computer, made when it is missing and shared by as many processes as one likes. Whatever is
 * answered is on the disk: its durability is `host`. What is asked for in one turn of the event loop shares one wait for it.
 * @throws ConfigurationError when an option is not of its form, and with code `CONFIG_STORE_FILE` when the file cannot be
 *   used, `CONFIG_STORE_NEWER` or `CONFIG_STORE_OLDER` when another release has written it, `CONFIG_STORE_DRIVER` when no driver can be loaded.
 */
export function sqliteStore(file: string, options: SqliteStoreOptions = {}): Store {
  checkOptions(file, options);
  const { namespace = 'default', busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS } = options;
  const opened = openFile(loadDriver(options.driver), { path: resolve(file), namespace, busyTimeoutMs });
  return new SqliteStore(opened, options);
}

/** The latest moment that the file knows of: its last entry's, or later when what was last was dropped. And where that lies. */
const CLOCK = `
  SELECT max(clock.at, ifnull(last.at, 0)) AS at, ifnull(last.position, 0) AS last
  FROM clock LEFT JOIN (SELECT at, position FROM entry ORDER BY position DESC LIMIT 1) AS last`;

/** Exported for tests, which hand in a connection that they watch. */
export class SqliteStore implements Store {
  readonly durability = 'host';
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #turns: Turns;
  readonly #appends: Appends;
  readonly #known = new KnownHeads();
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Random;
  readonly #file: string;
  readonly #check: () => void;
  /** The latest moment seen or handed out; in a transaction, its moment. */
  #at = 0;
  #closing: Promise<void> | undefined;

  constructor({ connection, path, namespace }: Opened, options: SqliteStoreOptions) {
    const { clock = systemClock, random = systemRandom(), busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS } = options;
    this.#connection = connection;
    this.#clock = clock;
    this.#random = random;
    this.#file = basename(path);
    this.#tables = new Tables(connection, namespace);
    this.#appends = new Appends(this.#tables);
    this.#check = sameFile(path);
    this.#turns = new Turns(connection, this.#tables, {
      file: this.#file,
      busyTimeoutMs,
      random,
      check: this.#check,
      begin: () => this.#begin(),
      end: () => this.#appends.flush(),
    });
  }

  async load(id: string, page: { readonly from?: number; readonly limit?: number } = {}): Promise<Loaded | undefined> {
    return this.#read(() => this.#snapshot(() => load(this.#tables, id, page.from ?? 0, page.limit)));
  }

  /** One promise and no more, for this is in the path of every step. */
  commit(change: Change): Promise<Commit> {
    let kept: Change;
    try {
      this.#open();
      checkChange(change);
      kept = copied(change);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.#turns.do(() => this.#commit(kept));
  }

  #commit(change: Change): Commit {
    const [tables, known, appends] = [this.#tables, this.#known, this.#appends];
    return commit({ tables, known, appends, at: this.#at, stamp: this.#random.word() }, change);
  }

  async claim(claiming: Claim): Promise<readonly Head[]> {
    checkClaim(claiming);
    const wanted = copiedClaim(claiming);
    // A worker asks again and again: while nothing is due, no lock is taken and no disk waited for.
    const any = await this.#read(() => {
      this.#check();
      return due(this.#tables, { ...wanted, limit: 1 }, this.#time()).length > 0;
    });
    if (!any) return [];
    return this.#write(() => claim(this.#tables, this.#known, wanted, this.#at, () => this.#random.word()));
  }

  async renew(owner: string, ids: readonly string[], leaseMs: number): Promise<readonly Renewal[]> {
    checkLease(leaseMs);
    const kept = [...ids];
    return this.#write(() => kept.map((id) => renew(this.#tables, this.#known, owner, id, this.#at + leaseMs)));
  }

  async scan(query: Query): Promise<Page> {
    const limit = checkQuery(query);
    return this.#read(() => scan(this.#tables, query, limit));
  }

  async drop(id: string, expect: Exclude<Expectation, 'absent'>): Promise<boolean> {
    const { version, stamp } = expect;
    return this.#write(() => drop(this.#tables, this.#known, id, { version, stamp }, this.#at));
  }

  async now(): Promise<number> {
    return this.#read(() => this.#time());
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#turns.idle();
    try {
      // So that the one file holds everything; another process that is at work will do it later.
      this.#connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // What was answered is in the log beside the file, and is read from there.
    }
    this.#tables.forget();
    this.#connection.close();
  }

  async #write<T>(work: () => T): Promise<T> {
    this.#open();
    return this.#turns.do(work);
  }

  async #read<T>(work: () => T): Promise<T> {
    this.#open();
    return this.#turns.read(() => {
      this.#open();
      return work();
    });
  }

  /** Several statements of one moment: without a transaction another process could write between them. */
  #snapshot<T>(work: () => T): T {
    this.#tables.run('BEGIN');
    try {
      return work();
    } finally {
      rollBack(this.#connection);
    }
  }

  #begin(): void {
    this.#appends.begin(this.#look()['last'] as number);
  }

  #time(): number {
    this.#look();
    return this.#at;
  }

  #look(): Row {
    const row = this.#tables.get(CLOCK) as Row;
    this.#at = Math.max(this.#at, row['at'] as number, this.#clock.now());
    return row;
  }

  #open(): void {
    if (this.#closing) throw new StoreError('STORE_CLOSED', `The store ${this.#file} was closed; open it again.`);
  }
}

/** The work is done at the end of the turn: what the caller does to its bytes or lists until then shall not matter. */
function copied(change: Change): Change {
  const entries = change.entries.map(({ key, type, data }) => ({ key, type, data: copyData(data) }));
  const { head, create } = change;
  const expect = change.expect === 'absent' ? 'absent' : { version: change.expect.version, stamp: change.expect.stamp };
  const kept: Change = { ...change, expect, entries, ...(create && { create: { kind: create.kind, name: create.name } }) };
  if (!head) return kept;
  const meta = head.meta === undefined ? {} : { meta: copyData(head.meta) };
  const tags = head.tags === undefined ? {} : { tags: { ...head.tags } };
  const wake = head.wake ? { wake: { ...head.wake } } : {};
  return { ...kept, head: { ...head, ...meta, ...tags, ...wake } };
}

function copiedClaim(wanted: Claim): Claim {
  const { kinds, names } = wanted;
  return { ...wanted, kinds: [...kinds], ...(names && { names: [...names] }) };
}

function copyData(data: Data): Data {
  return typeof data === 'string' ? data : Uint8Array.prototype.slice.call(data);
}
