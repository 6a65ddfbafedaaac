import { Cells } from './cells.js';
import { CELLS } from './tracked.js';
import type { Tracked } from './tracked.js';

/**
 * An array whose elements are tracked one by one: see `TrackedMap`. It has no holes and no properties; elements are read
 * by `at` and written by `set`. `splice` in the middle writes all elements behind it.
 */
export class TrackedArray<T> implements Tracked {
  readonly [CELLS] = new Cells('TrackedArray');

  constructor(items?: Iterable<T> | null) {
    this.push(...(items ?? []));
  }

  get [Symbol.toStringTag](): 'TrackedArray' {
    return 'TrackedArray';
  }

  get length(): number {
    return this[CELLS].size;
  }

  /** Undefined outside of it; below 0 from the end. */
  at(index: number): T | undefined {
    const at = Math.trunc(index) || 0;
    return this[CELLS].get(at < 0 ? this.length + at : at) as T | undefined;
  }

  /** @throws RangeError outside of it; DetachedWriteError, ReadOnlyError when the running code may not write. */
  set(index: number, item: T): void {
    const { length } = this;
    const at = index < 0 ? length + index : index;
    if (!Number.isInteger(at) || at < 0 || at >= length)
      throw new RangeError(`There is no element ${index} in an array of ${length}. Add one by push.`);
    this[CELLS].set(at, item);
  }

  push(...items: T[]): number {
    let { length } = this;
    for (const item of items) this[CELLS].set(length++, item);
    return length;
  }

  pop(): T | undefined {
    const last = this.length - 1;
    if (last < 0) return undefined;
    const item = this.at(last);
    this[CELLS].delete(last);
    return item;
  }

  shift(): T | undefined {
    return this.splice(0, 1)[0];
  }

  unshift(...items: T[]): number {
    this.splice(0, 0, ...items);
    return this.length;
  }

  /** As that of an array. */
  splice(start: number, count = Infinity, ...items: T[]): T[] {
    const all = [...this];
    const removed = all.splice(start, count, ...items);
    this.become(all);
    return removed;
  }

  sort(compare?: (a: T, b: T) => number): this {
    return this.become([...this].sort(compare));
  }

  reverse(): this {
    return this.become([...this].reverse());
  }

  clear(): void {
    this[CELLS].clear();
  }

  /** Writes what is another one now. */
  private become(items: readonly T[]): this {
    const { length } = this;
    items.forEach((item, i) => {
      if (i >= length || !Object.is(this.at(i), item)) this[CELLS].set(i, item);
    });
    for (let i = length - 1; i >= items.length; i--) this[CELLS].delete(i);
    return this;
  }

  *values(): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as T;
  }

  *entries(): IterableIterator<[number, T]> {
    let i = 0;
    for (const item of this.values()) yield [i++, item];
  }

  forEach(each: (item: T, index: number, array: this) => void): void {
    for (const [i, item] of this.entries()) each(item, i, this);
  }

  map<U>(each: (item: T, index: number) => U): U[] {
    return [...this].map(each);
  }

  filter(which: (item: T, index: number) => boolean): T[] {
    return [...this].filter(which);
  }

  find(which: (item: T, index: number) => boolean): T | undefined {
    return [...this].find(which);
  }

  indexOf(item: T): number {
    return [...this].indexOf(item);
  }

  includes(item: T): boolean {
    return [...this].includes(item);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values();
  }
}
