import { nameIn } from './text.js';

/** Grows with each change of the layout below. */
export const FORMAT = 2;

/** What stands before the id in the index of a partition, by what it is found. */
export const indexOf = {
  sort: (sort: string): string => `s\0${sort}\0`,
  tag: (key: string, value: string): string => `t\0${nameIn(key)}\0${nameIn(value)}\0`,
};

/** Kind and name as they stand in heads, records and indexes. */
export function pairOf(kind: string, name: string): string {
  return `${nameIn(kind)}\0${nameIn(name)}`;
}

/** A pair with a status: what lists ask for most. */
export function sortOf(pair: string, status: string): string {
  return `${pair}\0${nameIn(status)}`;
}

/**
 * The keys of one partition. All have one hash tag, so a script may touch any of them: they lie in one slot of a cluster.
 * - `record` (hash): `at`, the latest moment handed out; the sorts (kind, name and status) that were ever used; in partition 0 also
 *   the format and the number of partitions.
 * - `index` (sorted set, all scores 0): what finds ids, in the order of their bytes.
 * - `stream` (hash): `h` head, `w` wakeAt, `m` meta; an entry under its index; under `k` and a key, the index of its entry.
 * - `due` (sorted set, one for each kind and name): ids by `wakeAt`.
 */
export class Partition {
  readonly number: number;
  readonly record: string;
  readonly index: string;
  readonly #tag: string;

  constructor(namespace: string, number: number) {
    this.number = number;
    this.#tag = `{${escaped(nameIn(namespace))}:${number}}`;
    this.record = `${this.#tag}:record`;
    this.index = `${this.#tag}:index`;
  }

  stream(id: string): string {
    return `${this.#tag}:stream:${nameIn(id)}`;
  }

  due(pair: string): string {
    return `${this.#tag}:due:${dueOf(pair)}`;
  }
}

const MOST_DUES = 1_000;
const dues = new Map<string, string>();

/** What a due set is called behind the hash tag. Kept, for there are few of them. */
export function dueOf(pair: string): string {
  const known = dues.get(pair);
  if (known !== undefined) return known;
  const due = pair.split('\0').map(escaped).join('/');
  if (dues.size < MOST_DUES) dues.set(pair, due);
  return due;
}

/** Without what would end a hash tag early or be mistaken for a separator. */
function escaped(text: string): string {
  return text.replace(/[%{}/]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
}

/** Which partition a stream lies in, for all time: FNV-1a over the code units of its id, with a last stir. */
export function partitionOf(id: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % partitions;
}
