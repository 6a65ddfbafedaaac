import { freezeValue } from './freeze.js';
import { Overlay } from './overlay.js';
import { ABSENT, GONE, isThere, WHOLE } from './sight.js';
import type { Sight, Whole } from './sight.js';
import type { Revertible, UndoLog } from './undo-log.js';

/** Who says what the running code may see and write. */
export interface CellsOwner {
  /** Whether some call is under way, so that what is in place is not for everybody. */
  readonly isBusy: boolean;
  /** What the running code sees; undefined: what is in place. */
  sight(cells: Cells): Sight | undefined;
  /** Where a write of the running code goes; undefined: it stands at once. @throws CheckpointError when it may not write. */
  admit(cells: Cells): UndoLog | Overlay | undefined;
  /** Told of a write that stands at once. */
  stands(cells: Cells, key: unknown, old: unknown): void;
  /** A checkpoint that is being encoded, and needs what a write replaces. */
  readonly walk: { before(cells: Cells, key: unknown, old: unknown): boolean } | undefined;
}

/**
 * Ordered keyed state: the fields of an object, or what a tracked collection holds. Writes are made in place, and the undo
 * log has what stood there. What is deleted keeps its place until the call that did it has ended, so that taking it back
 * changes no order.
 */
export class Cells implements Revertible {
  private map = new Map<unknown, unknown>();
  private gone = 0;
  /** Deleted for good, and in their place because a checkpoint is being encoded. */
  private readonly lingering = new Set<unknown>();
  /** Grows with each write that stands. */
  changes = 0;
  owner: CellsOwner | undefined;

  constructor(
    /** The name of the field; '' for the fields themselves. */
    public name: string,
  ) {}

  /** What is in place. */
  get present(): Whole {
    return { map: this.map, gone: this.gone };
  }

  get(key: unknown): unknown {
    const sight = this.owner?.isBusy ? this.owner.sight(this) : undefined;
    const value = sight ? sight.get(key) : this.map.get(key);
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) freezeValue(value);
    return typeof value === 'symbol' && !isThere(value) ? undefined : value;
  }

  has(key: unknown): boolean {
    const sight = this.owner?.isBusy ? this.owner.sight(this) : undefined;
    if (sight) return sight.get(key) !== ABSENT;
    return this.gone === 0 ? this.map.has(key) : isThere(this.inPlace(key));
  }

  get size(): number {
    const sight = this.owner?.isBusy ? this.owner.sight(this) : undefined;
    return sight ? sight.size() : this.map.size - this.gone;
  }

  *entries(): IterableIterator<[unknown, unknown]> {
    const sight = this.owner?.isBusy ? this.owner.sight(this) : undefined;
    for (const [key, value] of sight ? sight.entries() : this.map) if (value !== GONE) yield [key, freezeValue(value)];
  }

  set(key: unknown, value: unknown): void {
    const to = this.owner?.admit(this);
    // As in a map, there is one zero.
    this.write(Object.is(key, -0) ? 0 : key, freezeValue(value), to);
  }

  delete(key: unknown): boolean {
    const to = this.owner?.admit(this);
    return this.write(key, GONE, to);
  }

  clear(): void {
    const to = this.owner?.admit(this);
    if (to instanceof Overlay) to.clear(this);
    else if (this.map.size > 0) this.replace(new Map(), to);
  }

  /** What is in place under a key, ABSENT or GONE included. */
  inPlace(key: unknown): unknown {
    const value = this.map.get(key);
    return value === undefined && !this.map.has(key) ? ABSENT : value;
  }

  /** Writes in place. Answers whether there was something. */
  write(key: unknown, next: unknown, to: UndoLog | Overlay | undefined): boolean {
    if (to instanceof Overlay) return to.write(this, key, next);
    const old = this.inPlace(key);
    if (next === GONE && !isThere(old)) return false;
    if (Object.is(old, next)) return true;
    if (old === GONE) {
      // It comes again at the end, as in a map: what stood in its old place may have to come back there.
      this.replace(new Map([...this.map].filter(([, value]) => value !== GONE)), to);
      return this.write(key, next, to) && false;
    }
    const isHeld = this.owner?.walk?.before(this, key, old) === true;
    this.map.set(key, next);
    if (next === GONE) this.gone += 1;
    if (to) to.push(this, key, old);
    else this.stood(key, old, isHeld);
    return old !== ABSENT;
  }

  /** A write that nothing can take back. */
  private stood(key: unknown, old: unknown, isHeld: boolean): void {
    this.settle(key, isHeld);
    this.owner?.stands(this, key, old);
  }

  private replace(map: Map<unknown, unknown>, to: UndoLog | undefined): void {
    const old = this.present;
    this.map = map;
    this.gone = 0;
    if (to) to.push(this, WHOLE, old);
    else this.owner?.stands(this, WHOLE, old);
  }

  revert(key: unknown, old: unknown): void {
    if (key === WHOLE) {
      ({ map: this.map, gone: this.gone } = old as Whole);
      return;
    }
    if (this.map.get(key) === GONE) this.gone -= 1;
    if (old === ABSENT) this.map.delete(key);
    else this.map.set(key, old);
    if (old === GONE) this.gone += 1;
  }

  /** The call that wrote this has ended: what it deleted leaves its place. `isHeld`: a checkpoint is being encoded. */
  settle(key: unknown, isHeld: boolean): void {
    if (this.gone === 0 || this.map.get(key) !== GONE) return;
    if (isHeld) {
      this.lingering.add(key);
    } else {
      this.map.delete(key);
      this.gone -= 1;
    }
  }

  /** Another write stands. */
  count(): void {
    this.changes += 1;
  }

  /** No checkpoint is being encoded any more, and no call is under way. */
  sweep(): void {
    for (const key of this.lingering) this.settle(key, false);
    this.lingering.clear();
  }

  /** Puts other contents in the place of all, without a trace in any log: for a restore. */
  load(map: Map<unknown, unknown>): void {
    this.map = map;
    this.gone = 0;
    this.lingering.clear();
    this.changes += 1;
  }
}
