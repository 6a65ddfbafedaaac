import type { Known } from './head.js';

const MOST = 16_384;
const MOST_META = 16 * 1024 * 1024;

/**
 * Heads as this store saw them last, the most recently used ones. A writer names a version and a stamp, and a stamp is used
 * once: so a remembered head that has both is the stored one, but for `wakeAt`, which a renewal moves and the script answers.
 */
export class KnownHeads {
  readonly #heads = new Map<string, Known>();
  #meta = 0;

  /** Whatever is remembered of the stream, however old. */
  get(id: string): Known | undefined {
    return this.#heads.get(id);
  }

  put(known: Known): void {
    // Set anew, so that the map stays in the order of use and its first is the one to go.
    this.forget(known.head.id);
    this.#heads.set(known.head.id, known);
    this.#meta += known.head.meta.length;
    while (this.#heads.size > MOST || this.#meta > MOST_META) this.forget(this.#heads.keys().next().value as string);
  }

  forget(id: string): void {
    const known = this.#heads.get(id);
    if (!known) return;
    this.#meta -= known.head.meta.length;
    this.#heads.delete(id);
  }
}
