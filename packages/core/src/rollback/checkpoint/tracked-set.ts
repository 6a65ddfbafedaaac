import { Cells } from './cells.js';
import { CELLS, checkKey } from './tracked.js';
import type { Tracked, TrackedKey } from './tracked.js';

/** A set whose members are tracked one by one: see `TrackedMap`. */
export class TrackedSet<T extends TrackedKey> implements Tracked {
  readonly [CELLS] = new Cells('TrackedSet');

  constructor(members?: Iterable<T> | null) {
    for (const member of members ?? []) this.add(member);
  }

  get [Symbol.toStringTag](): 'TrackedSet' {
    return 'TrackedSet';
  }

  get size(): number {
    return this[CELLS].size;
  }

  has(member: T): boolean {
    return this[CELLS].has(member);
  }

  /** @throws DetachedWriteError, ReadOnlyError when the running code may not write; TypeError when it is an object. */
  add(member: T): this {
    checkKey(member, 'TrackedSet');
    this[CELLS].set(member, true);
    return this;
  }

  delete(member: T): boolean {
    return this[CELLS].delete(member);
  }

  clear(): void {
    this[CELLS].clear();
  }

  *values(): IterableIterator<T> {
    for (const [member] of this[CELLS].entries()) yield member as T;
  }

  keys(): IterableIterator<T> {
    return this.values();
  }

  *entries(): IterableIterator<[T, T]> {
    for (const member of this.values()) yield [member, member];
  }

  forEach(each: (member: T, same: T, set: this) => void): void {
    for (const member of this.values()) each(member, member, this);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values();
  }
}
