import type { Data } from '../../base/store.js';
import type { Recoverable } from '../words.js';
import { changedFrames, Encoding } from './encoding.js';
import { CheckpointVerbError } from './errors.js';
import { apply, readFrames } from './frames.js';
import type { State } from './frames.js';
import type { Holder } from './holder.js';
import { Tracker } from './tracker.js';
import type { StateCodec } from './v8-codec.js';

const bytesOf = (data: Data): Uint8Array => (typeof data === 'string' ? Buffer.from(data, 'base64') : data);

/** The committed state of an object as message logs, rounds and snapshots save and restore it. */
export function recoverableOf(holder: Holder, id: string, codec: StateCodec): Recoverable {
  const tracker = new Tracker();
  holder.trackers.add(tracker);
  const capture = (): Data => {
    tracker.take();
    return Buffer.concat([...new Encoding(holder, codec).frames()]);
  };
  const initial = capture();
  return {
    id,
    capture,
    delta: () => Buffer.concat([...changedFrames(holder, codec, tracker.take())]),
    restore(state, deltas) {
      if (holder.turn) {
        throw new CheckpointVerbError(holder.name, 'A restore', `${holder.turn.chain} is under way`, 'Restore between calls.');
      }
      const found: State = new Map();
      for (const data of [state ?? initial, ...deltas]) apply(found, readFrames(codec, bytesOf(data)));
      load(holder, found);
      tracker.take();
    },
  };
}

/** Puts a state in the place of what is there; a part that it does not have stays. */
export function load(holder: Holder, state: State): void {
  for (const cells of holder.parts) {
    const map = state.get(cells.name);
    if (map) cells.load(map);
  }
  for (const tracker of holder.trackers) tracker.noteAll(holder.parts);
}
