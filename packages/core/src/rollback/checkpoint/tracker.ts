import { WHOLE } from './sight.js';
import type { Cells } from './cells.js';

const MANY = 1_000;

/** `added`: it came at the end of what was there; `all`: everything was replaced. */
export type Change = 'added' | 'changed' | 'all';

/** Remembers what has changed since it was last asked, one entry for each key, however often it changed. */
export class Tracker {
  private changes = new Map<Cells, Map<unknown, Change> | 'all'>();

  get isEmpty(): boolean {
    return this.changes.size === 0;
  }

  note(cells: Cells, key: unknown, change: Change): void {
    const known = this.changes.get(cells);
    if (known === 'all') return;
    if (key === WHOLE) {
      this.changes.set(cells, 'all');
      return;
    }
    const keys = known ?? new Map<unknown, Change>();
    if (!known) this.changes.set(cells, keys);
    // Of keys that come and go nobody needs to know each.
    if (keys.size >= MANY && keys.size > 2 * cells.size) {
      this.changes.set(cells, 'all');
      return;
    }
    if (change === 'added') {
      // Those that were added are told in the order in which they came.
      keys.delete(key);
      keys.set(key, 'added');
    } else if (!keys.has(key)) {
      keys.set(key, 'changed');
    }
  }

  /** Everything has changed, for all that is known. */
  noteAll(parts: readonly Cells[]): void {
    for (const cells of parts) this.changes.set(cells, 'all');
  }

  /** What has changed, and forgets it. */
  take(): ReadonlyMap<Cells, ReadonlyMap<unknown, Change> | 'all'> {
    const { changes } = this;
    this.changes = new Map();
    return changes;
  }
}
