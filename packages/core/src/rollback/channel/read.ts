import { StoreRegressionError } from '../../base/errors.js';
import type { Store } from '../../base/store.js';
import { ChannelTrimmedError } from './errors.js';
import { channelStream, itemOf } from './entry.js';
import type { ChannelAddress, ChannelItem } from './entry.js';

const PAGE = 256;

export interface ChannelPage {
  readonly items: readonly ChannelItem[];
  /** Where the next page begins: the position to keep in a checkpoint once the items were handled. */
  readonly next: number;
}

/**
 * What was sent, in the order of sending, from position `from` on: at most `limit` entries (default 256). A channel that nobody
 * has opened yet is empty.
 * @throws ChannelTrimmedError when some of it was forgotten, StoreRegressionError when the channel is shorter than what was read
 * of it before, StoreUnavailableError.
 */
export async function readChannel(store: Store, address: ChannelAddress, from: number, limit = PAGE): Promise<ChannelPage> {
  const loaded = await store.load(channelStream(address), { from, limit });
  if (!loaded) return { items: [], next: from };
  const { head, entries } = loaded;
  if (from > head.length) throw new StoreRegressionError(head.id, from, head.length);
  const first = entries[0]?.index ?? head.length;
  if (first > from && limit > 0) throw new ChannelTrimmedError(head.id, from, first);
  const items = entries.flatMap((entry) => itemOf(address.from, entry) ?? []);
  return { items, next: from + entries.length };
}

/** The messages of a range of positions, `to` excluded: what a snapshot calls the state of the channel. */
export async function readRange(store: Store, address: ChannelAddress, from: number, to: number): Promise<readonly ChannelItem[]> {
  const items: ChannelItem[] = [];
  for (let at = from; at < to;) {
    const page = await readChannel(store, address, at, Math.min(PAGE, to - at));
    if (page.next === at) break;
    items.push(...page.items);
    at = page.next;
  }
  return items.filter(({ kind }) => kind === 'message');
}
