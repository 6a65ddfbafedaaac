import type { Stream } from './stream.js';

interface Item {
  readonly at: number;
  readonly stream: Stream;
}

/** By `wakeAt`, then by id, so that two equal histories claim in the same order. */
function before(a: Item, b: Item): boolean {
  return a.at < b.at || (a.at === b.at && a.stream.head.id < b.stream.head.id);
}

/**
 * A binary heap of the streams of one kind and name. An item goes stale when its stream moves on, and is thrown away
 * when it comes to the top: so a commit costs O(log n), and a claim looks at what is due and at nothing that is parked.
 */
class Heap {
  #items: Item[] = [];

  push(item: Item): void {
    // Renewals leave one stale item each; a heap of mostly stale ones is built anew, at a cost that they have paid.
    if (this.#items.length >= this.#limit) this.#compact();
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** The first that is still true. */
  top(): Item | undefined {
    for (;;) {
      const first = this.#items[0];
      if (!first || current(first)) return first;
      this.pop();
    }
  }

  pop(): void {
    const last = this.#items.pop();
    if (!last || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  #limit = 1_024;

  #compact(): void {
    const seen = new Set<Stream>();
    // A stream that went away from a moment and came back to it has two true items: one is enough.
    const live = this.#items.filter((item) => current(item) && !seen.has(item.stream) && seen.add(item.stream));
    // A sorted array is a heap.
    this.#items = live.sort((a, b) => (before(a, b) ? -1 : 1));
    this.#limit = Math.max(1_024, live.length * 2);
  }

  #rise(at: number): void {
    const items = this.#items;
    const item = items[at] as Item;
    let i = at;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(item, items[parent] as Item)) break;
      items[i] = items[parent] as Item;
      i = parent;
    }
    items[i] = item;
  }

  #sink(at: number): void {
    const items = this.#items;
    const item = items[at] as Item;
    let i = at;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1] as Item, items[child] as Item)) child += 1;
      if (!before(items[child] as Item, item)) break;
      items[i] = items[child] as Item;
      i = child;
    }
    items[i] = item;
  }
}

function current({ stream, at }: Item): boolean {
  return !stream.dropped && stream.head.wakeAt === at;
}

/** Which streams are due: one heap for each kind and name, so that a claim never steps over somebody else's streams. */
export class DueIndex {
  readonly #kinds = new Map<string, Map<string, Heap>>();

  /** To be told of each new `wakeAt`. */
  add(stream: Stream): void {
    const { kind, name, wakeAt } = stream.head;
    if (wakeAt === null) return;
    const names = this.#kinds.get(kind) ?? new Map<string, Heap>();
    const heap = names.get(name) ?? new Heap();
    this.#kinds.set(kind, names.set(name, heap));
    heap.push({ at: wakeAt, stream });
  }

  /** Takes out the streams due at `now`, those due longest first. */
  take(kinds: readonly string[], names: readonly string[] | undefined, now: number, limit: number): Stream[] {
    const heaps = this.#heaps(new Set(kinds), names && new Set(names));
    const taken: Stream[] = [];
    const seen = new Set<Stream>();
    while (taken.length < limit) {
      let first: Heap | undefined;
      let item: Item | undefined;
      for (const heap of heaps) {
        const top = heap.top();
        if (top && top.at <= now && (!item || before(top, item))) [first, item] = [heap, top];
      }
      if (!first || !item) break;
      first.pop();
      if (seen.has(item.stream)) continue;
      seen.add(item.stream);
      taken.push(item.stream);
    }
    return taken;
  }

  /** When the first of them is due; undefined: none ever is. */
  first(kinds: readonly string[], names: readonly string[] | undefined): number | undefined {
    const tops = this.#heaps(new Set(kinds), names && new Set(names)).map((heap) => heap.top()?.at ?? Infinity);
    const first = Math.min(...tops);
    return first === Infinity ? undefined : first;
  }

  #heaps(kinds: ReadonlySet<string>, names: ReadonlySet<string> | undefined): Heap[] {
    const heaps: Heap[] = [];
    for (const kind of kinds) {
      const all = this.#kinds.get(kind);
      if (!all) continue;
      if (!names) heaps.push(...all.values());
      else for (const name of names) heaps.push(...[all.get(name)].filter((heap) => heap !== undefined));
    }
    return heaps;
  }
}
