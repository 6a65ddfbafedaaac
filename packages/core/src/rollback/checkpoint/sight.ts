/** Stands where there was nothing. */
export const ABSENT = Symbol('absent');
/** Stands where something was deleted, so that it keeps its place until that is final. */
export const GONE = Symbol('gone');
/** The key of a record that replaces everything; what stood there is a `Whole`. */
export const WHOLE = Symbol('whole');

export interface Whole {
  readonly map: Map<unknown, unknown>;
  readonly gone: number;
}

/** Cells, as far as an overlay needs them. */
export interface Place {
  readonly changes: number;
  readonly present: Whole;
  inPlace(key: unknown): unknown;
  write(key: unknown, next: unknown, to: undefined): boolean;
}

/** What some code may see of cells, when that is not what is in place. */
export interface Sight {
  /** ABSENT when there is none. */
  get(key: unknown): unknown;
  size(): number;
  entries(): IterableIterator<[unknown, unknown]>;
}

export const isThere = (value: unknown): boolean => value !== ABSENT && value !== GONE;

/** Cells as they were before the writes of some calls that are under way. */
export class Past implements Sight {
  private whole: Whole | undefined;
  readonly olds = new Map<unknown, unknown>();

  constructor(private readonly cells: { readonly present: Whole }) {}

  /** The physical map that `olds` lies over. */
  get source(): Map<unknown, unknown> {
    return (this.whole ?? this.cells.present).map;
  }

  /** Takes in a write, the first ones first. */
  add(key: unknown, old: unknown): void {
    // What was written later was written to another map.
    if (this.whole) return;
    if (key === WHOLE) this.whole = old as Whole;
    else if (!this.olds.has(key)) this.olds.set(key, old);
  }

  get(key: unknown): unknown {
    const { source } = this;
    const value = this.olds.has(key) ? this.olds.get(key) : source.has(key) ? source.get(key) : ABSENT;
    return value === GONE ? ABSENT : value;
  }

  size(): number {
    const { map, gone } = this.whole ?? this.cells.present;
    let size = map.size - gone;
    for (const [key, old] of this.olds) size += Number(isThere(old)) - Number(map.has(key) && isThere(map.get(key)));
    return size;
  }

  *entries(): IterableIterator<[unknown, unknown]> {
    for (const [key, now] of this.source) {
      const value = this.olds.has(key) ? this.olds.get(key) : now;
      if (isThere(value)) yield [key, value];
    }
  }
}
