import {
  checkChange,
  checkClaim,
  checkLease,
  checkQuery,
  ConfigurationError,
  ConflictError,
  StoreError,
  systemClock,
  systemRandom,
} from '@redress/core';
import type {
  Change,
  Claim,
  Clock,
  Commit,
  Expectation,
  Head,
  Loaded,
  News,
  Page,
  Query,
  Random,
  Renewal,
  Store,
  Topic,
  Watch,
} from '@redress/core';
import { createMemoryDatabase, insideOf } from './database.js';
import type { Database, MemoryDatabase, Space } from './database.js';
import { scanSpace } from './scan.js';
import { apply, copyEntry, copyHead, emptyStream, guard, repeated } from './stream.js';
import type { Stream } from './stream.js';

export interface MemoryStoreOptions {
  /** Where the store's time comes from. Default: the computer's clock. */
  readonly clock?: Clock;
  /** Where stamps come from. Default: the operating system's chance. */
  readonly random?: Random;
  /** The database to look at, to be shared with other connections. Default: a new one. */
  readonly shared?: MemoryDatabase;
  /** Streams of one namespace are invisible in others. Default: `default`. */
  readonly namespace?: string;
}

/**
 * A store that forgets everything with its process: for tests, and where only speed counts. Its durability is `process`.
 * @throws ConfigurationError when an option is not of its form.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { clock = systemClock, random = systemRandom(), shared = createMemoryDatabase(), namespace = 'default' } = options;
  const database = insideOf(shared);
  if (!database) {
    const cause = 'this database was not made by createMemoryDatabase of this copy of @redress/memory.';
    throw new ConfigurationError([{ subject: 'memoryStore, shared', cause, remedy: 'Call createMemoryDatabase().' }]);
  }
  if (typeof namespace !== 'string' || namespace === '') {
    const remedy = 'Give a text such as "orders".';
    throw new ConfigurationError([{ subject: 'memoryStore, namespace', cause: 'the name is empty or no text.', remedy }]);
  }
  return new MemoryStore(database, database.space(namespace), clock, random);
}

class MemoryStore implements Store {
  readonly durability = 'process';
  readonly #database: Database;
  readonly #space: Space;
  readonly #clock: Clock;
  readonly #random: Random;
  #closed = false;
  readonly #soon = (fn: () => void): void => this.#clock.nextTurn(fn);

  constructor(database: Database, space: Space, clock: Clock, random: Random) {
    this.#database = database;
    this.#space = space;
    this.#clock = clock;
    this.#random = random;
  }

  async load(id: string, page: { readonly from?: number; readonly limit?: number } = {}): Promise<Loaded | undefined> {
    this.#open();
    const stream = this.#space.streams.get(id);
    if (!stream) return undefined;
    const start = Math.max(0, (page.from ?? 0) - stream.trimmed);
    const end = page.limit === undefined ? undefined : start + page.limit;
    return { head: copyHead(stream.head), entries: stream.entries.slice(start, end).map(copyEntry) };
  }

  async commit(change: Change): Promise<Commit> {
    this.#open();
    checkChange(change);
    const there = this.#space.streams.get(change.id);
    if (there && repeated(there, change.entries)) return { head: copyHead(there.head), applied: false };
    if (there) guard(there, change.expect);
    else if (change.expect !== 'absent') throw new ConflictError(change.id, 'missing');
    const stream = there ?? emptyStream(change.id, change.create?.kind ?? '', change.create?.name ?? '');
    const wakeBefore = stream.head.wakeAt;
    const now = this.#time();
    apply(stream, change, now, this.#random.word());
    if (!there) this.#space.add(stream);
    if (stream.head.wakeAt !== wakeBefore) this.#space.due.add(stream);
    this.#space.listeners.committed(stream.head, now, this.#soon);
    return { head: copyHead(stream.head), applied: true };
  }

  async claim(claim: Claim): Promise<readonly Head[]> {
    this.#open();
    checkClaim(claim);
    const now = this.#time();
    const taken = this.#space.due.take(claim.kinds, claim.names, now, claim.limit);
    return taken.map((stream) => {
      const { version, claims } = stream.head;
      const stamp = this.#random.word();
      const lease = { owner: claim.owner, wakeAt: now + claim.leaseMs };
      this.#move(stream, { ...stream.head, ...lease, version: version + 1, claims: claims + 1, stamp });
      return copyHead(stream.head);
    });
  }

  async renew(owner: string, ids: readonly string[], leaseMs: number): Promise<readonly Renewal[]> {
    this.#open();
    checkLease(leaseMs);
    const wakeAt = this.#time() + leaseMs;
    return ids.map((id) => {
      const stream = this.#space.streams.get(id);
      if (!stream) return { id, owner: null, version: 0 };
      if (stream.head.owner === owner) this.#move(stream, { ...stream.head, wakeAt });
      return { id, owner: stream.head.owner, version: stream.head.version };
    });
  }

  async scan(query: Query): Promise<Page> {
    this.#open();
    return scanSpace(this.#space, query, checkQuery(query));
  }

  async drop(id: string, expect: Exclude<Expectation, 'absent'>): Promise<boolean> {
    this.#open();
    const stream = this.#space.streams.get(id);
    if (!stream) return false;
    guard(stream, expect);
    this.#space.remove(stream);
    return true;
  }

  async now(): Promise<number> {
    this.#open();
    return this.#time();
  }

  watch(topic: Topic, heard: (news?: News) => void): Watch {
    this.#open();
    return this.#space.listeners.add(topic, { heard, isOpen: () => !this.#closed }, this.#soon);
  }

  async dueIn({ kinds, names }: Pick<Claim, 'kinds' | 'names'>): Promise<number | null> {
    this.#open();
    const first = this.#space.due.first(kinds, names);
    return first === undefined ? null : first - this.#time();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #move(stream: Stream, head: Head): void {
    stream.head = Object.freeze(head);
    this.#space.due.add(stream);
  }

  #time(): number {
    return this.#database.time(this.#clock.now());
  }

  #open(): void {
    if (this.#closed) throw new StoreError('STORE_CLOSED', 'This connection to the memory store was closed; open a new one.');
  }
}
