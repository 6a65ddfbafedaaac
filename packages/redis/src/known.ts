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
    const { id, meta } = known.head;
    // Set anew, so that the map stays in the order of use and its first is the one to go; as long as none has to, it is not worth it.
    if (this.#heads.size > MOST / 2 || this.#meta > MOST_META / 2) this.forget(id);
    this.#meta += meta.length - (this.#heads.get(id)?.head.meta.length ?? 0);
    this.#heads.set(id, known);
    while (this.#heads.size > MOST || this.#meta > MOST_META) this.forget(this.#heads.keys().next().value as string);
  }

  forget(id: string): void {
    const known = this.#heads.get(id);
    if (!known) return;
    this.#meta -= known.head.meta.length;
    this.#heads.delete(id);
  }
}
