/** A queue whose `shift` costs the same however long it is. */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private start = 0;

  get length(): number {
    return this.items.length - this.start;
  }

  push(item: T): void {
    this.items.push(item);
  }

  peek(): T | undefined {
    return this.items[this.start];
  }

  shift(): T | undefined {
    const item = this.items[this.start];
    if (this.length === 0) return undefined;
    this.items[this.start++] = undefined;
    if (this.start > 1_000 && this.start * 2 > this.items.length) {
      this.items = this.items.slice(this.start);
      this.start = 0;
    }
    return item;
  }

  find(is: (item: T) => boolean): T | undefined {
    for (let i = this.start; i < this.items.length; i += 1) if (is(this.items[i] as T)) return this.items[i];
    return undefined;
  }

  all(): readonly T[] {
    return this.items.slice(this.start) as T[];
  }

  /** Takes all out. */
  drain(): readonly T[] {
    const all = this.all();
    this.items = [];
    this.start = 0;
    return all;
  }
}
