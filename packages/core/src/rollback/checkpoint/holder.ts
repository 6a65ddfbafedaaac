import { Cells } from './cells.js';
import type { CellsOwner } from './cells.js';
import type { Change, Tracker } from './tracker.js';
import { DetachedWriteError, ReadOnlyError } from './errors.js';
import { Overlay } from './overlay.js';
import { ABSENT, GONE, Past, WHOLE } from './sight.js';
import type { Sight } from './sight.js';
import { currentTurn } from './turn.js';
import type { Turn } from './turn.js';
import { UndoLog } from './undo-log.js';

/** A checkpoint while it is being encoded. */
export interface Walk {
  /** Before a write in place. True: what is deleted must keep its place. */
  before(cells: Cells, key: unknown, old: unknown): boolean;
  holds(cells: Cells): boolean;
}

/** Properties that an object is given while a call runs. */
export interface Properties {
  count(): number;
  /** Removes those that came since. */
  cut(count: number): void;
  /** They stay. */
  keep(): void;
}

interface Seen {
  readonly cut: number;
  readonly epoch: number;
  upTo: number;
  readonly pasts: Map<unknown, Past>;
}

/** The state of one object, and who may see and write what of it: the middle of all that is checkpointed. */
export class Holder implements CellsOwner {
  readonly log = new UndoLog();
  readonly fields = new Cells('');
  /** The fields first, then the tracked collections. */
  readonly parts: Cells[] = [this.fields];
  readonly trackers = new Set<Tracker>();
  walk: Walk | undefined;
  /** The innermost serial call that is under way. */
  turn: Turn | undefined;
  optimistic = 0;
  /** Told when a call has ended and nothing is under way. */
  settled: (() => void) | undefined;
  /** The object, where there is one. */
  object: Properties | undefined;
  private seen: Seen | undefined;

  constructor(
    readonly name: string,
    /** May a call that has ended already write, in a transaction of its own? */
    private readonly lateWrites: 'throw' | 'own',
  ) {
    this.fields.owner = this;
  }

  get isBusy(): boolean {
    return this.turn !== undefined || this.optimistic > 0;
  }

  adopt(cells: Cells, name: string): void {
    cells.name = name;
    cells.owner = this;
    this.parts.push(cells);
    // One that an object was given while it was served is new to all who keep changes.
    for (const tracker of this.trackers) tracker.note(cells, WHOLE, 'all');
  }

  /** The innermost call on this object that the running code was begun by, ended or not. */
  private nearest(turn: Turn | undefined): Turn | undefined {
    for (let one = turn; one; one = one.parent) if (one.owner === this && one.kind !== 'read') return one;
    return undefined;
  }

  private own(turn: Turn | undefined): Turn | undefined {
    const nearest = this.nearest(turn);
    return nearest?.isOpen ? nearest : undefined;
  }

  sight(cells: Cells): Sight | undefined {
    const running = currentTurn();
    if (running === this.turn && running) return undefined;
    const own = this.own(running);
    if (own?.overlay) return own.overlay.sight(cells);
    if (!this.turn || own === this.turn) return undefined;
    return this.past(cells, this.above(own)?.start ?? 0);
  }

  /** The call that stands directly on the given one, or the outermost one. */
  private above(own: Turn | undefined): Turn | undefined {
    let found = this.turn;
    while (found && found.below !== own) found = found.below;
    return found;
  }

  /** The cells as they were before the calls that began with the log at `cut`. */
  past(cells: Cells, cut: number): Past {
    const { log } = this;
    if (this.seen?.cut !== cut || this.seen.epoch !== log.epoch) this.seen = { cut, epoch: log.epoch, upTo: cut, pasts: new Map() };
    const { pasts, upTo } = this.seen;
    if (upTo < log.length) {
      log.forEach(upTo, (target, key, old) => {
        let past = pasts.get(target);
        if (!past) pasts.set(target, (past = new Past(target as Cells)));
        past.add(key, old);
      });
      this.seen.upTo = log.length;
    }
    return pasts.get(cells) ?? new Past(cells);
  }

  admit(cells: Cells): UndoLog | Overlay | undefined {
    const running = currentTurn();
    if (running && running === this.turn) return this.log;
    const part = cells.name || 'A field';
    const reader = this.reader(running);
    if (reader) throw new ReadOnlyError(this.name, part, reader.operation);
    const own = this.own(running);
    if (own?.overlay) return own.overlay;
    if (own && own === this.turn) return this.log;
    if (this.turn) throw new DetachedWriteError(this.name, part, `${this.turn.chain} is under way, and the write is no part of it`);
    const late = this.nearest(running);
    if (late && this.lateWrites === 'throw') throw new DetachedWriteError(this.name, part, `${late.operation} has ended already`);
    return undefined;
  }

  private reader(running: Turn | undefined): Turn | undefined {
    for (let one = running; one; one = one.parent) {
      if (one.owner !== this) continue;
      return one.kind === 'read' ? one : undefined;
    }
    return undefined;
  }

  mark(): number {
    return this.object?.count() ?? 0;
  }

  /** Takes back what a call has done. */
  takeBack(turn: Turn): void {
    this.log.revertTo(turn.start);
    this.object?.cut(turn.mark);
  }

  stands(cells: Cells, key: unknown, old: unknown): void {
    this.note(cells, key, old);
  }

  /** Tells those who keep changes of one that stands. */
  private note(cells: Cells, key: unknown, old: unknown): void {
    cells.count();
    if (this.trackers.size === 0) return;
    const change: Change = key === WHOLE ? 'all' : old === ABSENT || old === GONE ? 'added' : 'changed';
    for (const tracker of this.trackers) tracker.note(cells, key, change);
  }

  /** The outermost call has ended: what is in the log stands. */
  settle(): void {
    const held = this.walk;
    this.log.forEach(0, (target, key, old) => {
      const cells = target as Cells;
      if (key !== WHOLE) cells.settle(key, held?.holds(cells) === true);
      this.note(cells, key, old);
    });
    this.log.clear();
    this.object?.keep();
    if (!held) this.sweep();
    this.settled?.();
  }

  private sweep(): void {
    for (const cells of this.parts) cells.sweep();
  }

  /** A checkpoint is encoded. */
  walked(): void {
    this.walk = undefined;
    if (!this.turn) this.sweep();
  }
}
