import { DueIndex } from './due.js';
import { Listeners } from './news.js';
import type { Stream } from './stream.js';

/** The streams of one namespace. */
export class Space {
  readonly streams = new Map<string, Stream>();
  readonly due = new DueIndex();
  readonly listeners = new Listeners();
  #sorted: string[] | undefined;

  add(stream: Stream): void {
    this.streams.set(stream.head.id, stream);
    this.#sorted = undefined;
  }

  remove(stream: Stream): void {
    stream.dropped = true;
    this.streams.delete(stream.head.id);
    this.#sorted = undefined;
  }

  /** Ids in code unit order, sorted when somebody asks. */
  ids(): readonly string[] {
    return (this.#sorted ??= [...this.streams.keys()].sort());
  }
}

export class Database {
  readonly #spaces = new Map<string, Space>();
  #high = 0;

  space(namespace: string): Space {
    let space = this.#spaces.get(namespace);
    if (!space) this.#spaces.set(namespace, (space = new Space()));
    return space;
  }

  /** `hostNow`, or the latest moment handed out to any connection if that is later. */
  time(hostNow: number): number {
    this.#high = Math.max(this.#high, hostNow);
    return this.#high;
  }
}

const inside = new WeakMap<MemoryDatabase, Database>();

/** What several connections share. It has nothing to call: hand it to `memoryStore({ shared })`. */
export interface MemoryDatabase {
  readonly durability: 'process';
}

/** An empty database that lives as long as somebody holds it. */
export function createMemoryDatabase(): MemoryDatabase {
  const database: MemoryDatabase = Object.freeze({ durability: 'process' });
  inside.set(database, new Database());
  return database;
}

/** Undefined when it was not made by `createMemoryDatabase` of this copy of the package. */
export function insideOf(database: MemoryDatabase): Database | undefined {
  return inside.get(database);
}
