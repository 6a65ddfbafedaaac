import type { Expectation } from '@redress/core';
import type { Known } from './tables.js';

const MOST = 4_096;
const META_MOST = 4_096;

/**
 * Heads as this connection saw them last, so that a writer who names a version and a stamp need not read the head again.
 * Nothing has to be invalidated: a stamp is used once, and settles all of the head but `wakeAt`, which a renewal moves;
 * and the statements that write name the stamp again.
 */
export class KnownHeads {
  readonly #heads = new Map<string, Known>();

  get(id: string, expect: Exclude<Expectation, 'absent'>): Known | undefined {
    const known = this.#heads.get(id);
    return known?.head.stamp === expect.stamp && known.head.version === expect.version ? known : undefined;
  }

  put(known: Known): void {
    const { id, meta, owner, wakeAt } = known.head;
    // Set anew, so that the map stays in the order of use and its first is the one to go.
    this.#heads.delete(id);
    // What is nobody's and never due has ended: nothing more is expected of it.
    if (meta.length > META_MOST || (owner === null && wakeAt === null)) return;
    this.#heads.set(id, known);
    if (this.#heads.size > MOST) this.#heads.delete(this.#heads.keys().next().value as string);
  }

  /** A lease's end was moved. */
  renewed(id: string, wakeAt: number): void {
    const known = this.#heads.get(id);
    if (known) this.#heads.set(id, { ...known, head: { ...known.head, wakeAt } });
  }

  forget(id: string): void {
    this.#heads.delete(id);
  }
}
