import { ABSENT, GONE, isThere } from './sight.js';
import type { Place, Sight } from './sight.js';

/** What one optimistic call has read and written of some cells. */
class Layer {
  readonly reads = new Map<unknown, unknown>();
  /** `changes` of the cells when they were read as a whole. */
  readAll: number | undefined;
  writes = new Map<unknown, unknown>();
  /** Written after they had been deleted: they stand at the end. */
  moved = new Set<unknown>();
  isCleared = false;

  constructor(readonly cells: Place) {}

  below(key: unknown): unknown {
    const value = this.cells.inPlace(key);
    const seen = value === GONE ? ABSENT : value;
    if (!this.reads.has(key)) this.reads.set(key, seen);
    return seen;
  }

  get(key: unknown): unknown {
    if (this.writes.has(key)) {
      const value = this.writes.get(key);
      return value === GONE ? ABSENT : value;
    }
    return this.isCleared ? ABSENT : this.below(key);
  }

  *entries(): IterableIterator<[unknown, unknown]> {
    this.readAll ??= this.cells.changes;
    const later = new Map<unknown, unknown>();
    const { map } = this.cells.present;
    for (const [key, value] of this.writes)
      if (value !== GONE && (this.moved.has(key) || this.isCleared || !isThere(this.cells.inPlace(key)))) later.set(key, value);
    if (!this.isCleared) {
      for (const [key, value] of map) {
        const now = this.writes.has(key) ? this.writes.get(key) : value;
        if (isThere(now) && !later.has(key)) yield [key, now];
      }
    }
    yield* later;
  }

  /** As many as `entries` gives, without a look at each: an array asks for it with each push. */
  size(): number {
    this.readAll ??= this.cells.changes;
    const { map, gone } = this.cells.present;
    let size = this.isCleared ? 0 : map.size - gone;
    for (const [key, value] of this.writes) size += Number(isThere(value)) - Number(!this.isCleared && isThere(this.cells.inPlace(key)));
    return size;
  }

  /** Whether all that was read is still so: then the call might as well have run just now. */
  get isValid(): boolean {
    if (this.readAll !== undefined && this.readAll !== this.cells.changes) return false;
    for (const [key, seen] of this.reads) {
      const value = this.cells.inPlace(key);
      if (!Object.is(value === GONE ? ABSENT : value, seen)) return false;
    }
    return true;
  }

  apply(): void {
    if (this.isCleared) for (const [key] of this.cells.present.map) this.cells.write(key, GONE, undefined);
    for (const [key, value] of this.writes) {
      if (this.moved.has(key)) this.cells.write(key, GONE, undefined);
      this.cells.write(key, value, undefined);
    }
  }
}

/** What the writes of an overlay were, to come back to. */
export type Mark = ReadonlyMap<Place, Pick<Layer, 'writes' | 'moved' | 'isCleared'>>;

/** The reads and writes of one optimistic call; nothing of it is in place before it has ended well. */
export class Overlay {
  private readonly layers = new Map<Place, Layer>();

  private of(cells: Place): Layer {
    let layer = this.layers.get(cells);
    if (!layer) this.layers.set(cells, (layer = new Layer(cells)));
    return layer;
  }

  sight(cells: Place): Sight {
    const layer = this.of(cells);
    return { get: (key) => layer.get(key), size: () => layer.size(), entries: () => layer.entries() };
  }

  write(cells: Place, key: unknown, next: unknown): boolean {
    const layer = this.of(cells);
    const old = layer.get(key);
    if (next === GONE && old === ABSENT) return false;
    if (next !== GONE && layer.writes.get(key) === GONE) {
      // The order in which such come in is that of the writes.
      layer.writes.delete(key);
      layer.moved.add(key);
    }
    layer.writes.set(key, next);
    return old !== ABSENT;
  }

  clear(cells: Place): void {
    const layer = this.of(cells);
    layer.readAll ??= cells.changes;
    layer.isCleared = true;
    layer.writes.clear();
    layer.moved.clear();
  }

  get isValid(): boolean {
    return [...this.layers.values()].every((layer) => layer.isValid);
  }

  /** Writes in place, in one step. */
  apply(): void {
    for (const layer of this.layers.values()) layer.apply();
  }

  mark(): Mark {
    return new Map(
      [...this.layers].map(([cells, { writes, moved, isCleared }]) => [
        cells,
        { writes: new Map(writes), moved: new Set(moved), isCleared },
      ]),
    );
  }

  /** Takes back what was written since; what was read stays read. */
  revertTo(mark: Mark): void {
    for (const [cells, layer] of this.layers) {
      const then = mark.get(cells);
      layer.writes = new Map(then?.writes);
      layer.moved = new Set(then?.moved);
      layer.isCleared = then?.isCleared ?? false;
    }
  }
}
