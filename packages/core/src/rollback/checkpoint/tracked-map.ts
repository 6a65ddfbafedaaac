import { Cells } from './cells.js';
import { CELLS, checkKey } from './tracked.js';
import type { Tracked, TrackedKey } from './tracked.js';

/**
 * A map whose entries are tracked one by one: what a failed call did to it is taken back, and a checkpoint writes only
 * what has changed. Plain objects and arrays in it are frozen: replace them, by `set` or `update`. Until its object is checkpointed it is a
 * plain map.
 */
export class TrackedMap<K extends TrackedKey, V> implements Tracked {
  readonly [CELLS] = new Cells('TrackedMap');

  constructor(entries?: Iterable<readonly [K, V]> | null) {
    for (const [key, value] of entries ?? []) this.set(key, value);
  }

  get [Symbol.toStringTag](): 'TrackedMap' {
    return 'TrackedMap';
  }

  get size(): number {
    return this[CELLS].size;
  }

  get(key: K): V | undefined {
    return this[CELLS].get(key) as V | undefined;
  }

  has(key: K): boolean {
    return this[CELLS].has(key);
  }

  /** @throws DetachedWriteError, ReadOnlyError when the running code may not write; TypeError when the key is an object. */
  set(key: K, value: V): this {
    checkKey(key, 'TrackedMap');
    this[CELLS].set(key, value);
    return this;
  }

  /** Puts what `change` makes of the value in its place; answers it. */
  update(key: K, change: (value: V | undefined) => V): V {
    const next = change(this.get(key));
    this.set(key, next);
    return next;
  }

  delete(key: K): boolean {
    return this[CELLS].delete(key);
  }

  clear(): void {
    this[CELLS].clear();
  }

  entries(): IterableIterator<[K, V]> {
    return this[CELLS].entries() as IterableIterator<[K, V]>;
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  forEach(each: (value: V, key: K, map: this) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this);
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }
}
