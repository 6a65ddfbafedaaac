import { ConflictError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import { channelStream } from './entry.js';
import type { ChannelAddress } from './entry.js';

/** Kept in the head: who still needs which part of the channel, and up to where somebody has asked to forget. */
interface Needs {
  readonly retained: Readonly<Record<string, number>>;
  readonly wanted: number;
}

const NOTHING: Needs = { retained: {}, wanted: 0 };

function needsOf({ meta }: Head): Needs {
  return meta.length === 0 ? NOTHING : (JSON.parse(String(meta)) as Needs);
}

/** Keeps everything from `from` on until `releaseChannel` with the same name. Moving a retention is allowed, back as well. */
export function retainChannel(store: Store, address: ChannelAddress, name: string, from: number): Promise<void> {
  return change(store, address, ({ retained, wanted }) => ({ retained: { ...retained, [name]: from }, wanted }));
}

/** Ends a retention, and forgets what others have asked to forget meanwhile. */
export function releaseChannel(store: Store, address: ChannelAddress, name: string): Promise<void> {
  return change(store, address, ({ retained, wanted }) => {
    const { [name]: _, ...others } = retained;
    return { retained: others, wanted };
  });
}

/** Forgets what lies before `to`; where something is retained, only once that is released. */
export function trimChannel(store: Store, address: ChannelAddress, to: number): Promise<void> {
  return change(store, address, ({ retained, wanted }) => ({ retained, wanted: Math.max(wanted, to) }));
}

/** The sender commits beside us, so it is tried until nobody came between. */
async function change(store: Store, address: ChannelAddress, next: (needs: Needs) => Needs): Promise<void> {
  const id = channelStream(address);
  for (;;) {
    const loaded = await store.load(id, { limit: 0 });
    if (!loaded) return;
    const { version, stamp } = loaded.head;
    const before = needsOf(loaded.head);
    const needs = next(before);
    if (JSON.stringify(needs) === JSON.stringify(before)) return;
    const trimTo = Math.min(needs.wanted, loaded.head.length, ...Object.values(needs.retained));
    try {
      await store.commit({ id, expect: { version, stamp }, entries: [], head: { meta: JSON.stringify(needs) }, trimTo });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || error.reason !== 'version') throw error;
    }
  }
}
