import { sleep } from '../../base/clock.js';
import type { Clock } from '../../base/clock.js';
import { StoreUnavailableError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import type { Codec } from '../../base/codec.js';
import type { Recoverable } from '../words.js';
import type { Extra } from './batch.js';
import { written } from './checkpoint.js';
import type { Place } from './checkpoint.js';
import type { Deduplicator } from './dedupe.js';
import type { Fifo } from './fifo.js';
import { pack } from './frames.js';
import type { Outbox } from './outbox.js';
import type { Pending } from './pending.js';
import { encode } from './records.js';

const PER_ENTRY = 128;
const MOST_TRIES = 50;
const PAUSE_MS = 100;

export interface KeeperHost {
  readonly codec: Codec;
  readonly state: Recoverable;
  readonly seen: Deduplicator;
  readonly outbox: Outbox;
  readonly pending: Fifo<Pending>;
  readonly keep: number;
  readonly onPlaced: (place: Place) => void;
}

/** Takes the checkpoints of a process, and knows where they lie. */
export class Keeper {
  constructor(
    private readonly host: KeeperHost,
    public places: readonly Place[],
  ) {}

  /** The state after this message as commits. What is trimmed is what the oldest kept checkpoint does not need. */
  checkpoint(position: number): readonly Extra[] {
    const next = this.host.pending.peek()?.batch;
    return this.snapshot(
      position,
      () => next?.index,
      (place) => {
        this.places = [...this.places, place].slice(-this.host.keep);
        this.host.onPlaced(place);
        const oldest = this.places[0] as Place;
        return { trimTo: this.places.length < this.host.keep ? 0 : Math.min(oldest.first, oldest.from) };
      },
    );
  }

  /** All that is in memory, messages that wait for the handler included: nothing that was written before it is needed any more. */
  everything(position: number): readonly Extra[] {
    const { codec, pending } = this.host;
    const waiting = pending.all();
    const records = waiting.flatMap(({ data, position: at, taken }) =>
      taken.length > 0 ? [data, encode(codec, ['some', at, taken])] : [data],
    );
    const more: { type: string; data: string }[] = [];
    for (let at = 0; at < records.length; at += PER_ENTRY) more.push({ type: 'records', data: pack(records.slice(at, at + PER_ENTRY)) });
    const commits = this.snapshot(
      position,
      () => undefined,
      (place) => {
        this.places = [place];
        this.host.onPlaced(place);
        return { trimTo: place.first, more };
      },
    );
    // A crash between two of them leaves a log that nobody may open.
    return commits.map((commit, i) => (index) => ({ ...commit(index), head: { status: i < commits.length - 1 ? REPAIRING : OPEN } }));
  }

  private snapshot(position: number, from: () => number | undefined, onPlaced: Parameters<typeof written>[3]): readonly Extra[] {
    const { codec, state, seen, outbox } = this.host;
    return written(codec, { position, state: state.capture(), seen: seen.snapshot(), outbox: outbox.state() }, from, onPlaced);
  }
}

/** Status of a log's stream; and while it is written anew in several commits. */
export const OPEN = 'open';
export const REPAIRING = 'repairing';

/** The head as it is now; a store that does not answer is asked again, for some seconds. @throws StoreError */
export async function headOf(store: Store, id: string, clock: Clock): Promise<Head | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await store.load(id, { limit: 0 }))?.head;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || tries === MOST_TRIES) throw error;
      await sleep(clock, PAUSE_MS);
    }
  }
}
