import type { Head, Loaded, Store } from '@redress/core';

const UNFINISHED: ReadonlySet<string> = new Set(['running', 'compensating']);

/** What the store holds, as the writes of all processes left it: so that a test can look without waiting. */
export class Mirror {
  readonly streams = new Map<string, Loaded>();
  /** Grows with each write that appended something. */
  progress = 0;
  private readonly woken = new Map<string, number>();

  /** Reads a stream again after it was written. */
  async read(store: Store, id: string): Promise<void> {
    const found = await store.load(id);
    if (!found) return void this.streams.delete(id);
    if (found.head.length !== this.streams.get(id)?.head.length) this.progress += 1;
    this.streams.set(id, found);
  }

  /** Runs that have not ended. */
  unfinished(): readonly Head[] {
    return [...this.streams.values()].map(({ head }) => head).filter(({ kind, status }) => kind === 'saga' && UNFINISHED.has(status));
  }

  /** When the next unfinished run is due, in the store's time; each moment of each run is told until it was `wake`d. */
  nextWake(): number | undefined {
    const due = this.unfinished().filter(({ id, wakeAt }) => wakeAt !== null && this.woken.get(id) !== wakeAt);
    return due.length === 0 ? undefined : Math.min(...due.map(({ wakeAt }) => wakeAt ?? Infinity));
  }

  /** Those that are due now were seen to. */
  wake(now: number): void {
    for (const { id, wakeAt } of this.unfinished()) if (wakeAt !== null && wakeAt <= now) this.woken.set(id, wakeAt);
  }
}

/** Nobody holds the run, and no time will wake it: a person or a signal must. */
export function waitsForOthers(head: Head): boolean {
  return head.owner === null && head.wakeAt === null;
}
