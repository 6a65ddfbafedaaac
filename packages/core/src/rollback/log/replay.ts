import type { Entry, Store } from '../../base/store.js';

/** About so many records are in memory at a time. */
const PAGE = 1_000;
const LEAST_ENTRIES = 8;
const MOST_ENTRIES = 500;

/**
 * Entries in pages of about `PAGE` records, however many of them share an entry: `records` says how many the last page held. The next
 * page is asked for when the last one was used up.
 */
export async function* pages(
  store: Store,
  id: string,
  from: number,
  to: number,
  records: () => number,
): AsyncGenerator<readonly Entry[], void, void> {
  let limit = LEAST_ENTRIES;
  for (let at = from; at < to;) {
    const loaded = await store.load(id, { from: at, limit: Math.min(limit, to - at) });
    const entries = loaded?.entries ?? [];
    if (entries.length === 0) return;
    yield entries;
    at = (entries.at(-1) as Entry).index + 1;
    const each = Math.max(records() / entries.length, 1);
    // One page may be as dense as none before it: grow by steps.
    limit = Math.min(Math.max(Math.floor(PAGE / each), LEAST_ENTRIES), limit * 2, MOST_ENTRIES);
  }
}
