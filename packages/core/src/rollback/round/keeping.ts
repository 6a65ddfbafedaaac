import type { Data, Head } from '../../base/store.js';
import type { Settings } from './options.js';
import type { RoundLine, StateRef } from './register.js';
import { readState, writeState } from './round-state.js';
import type { StateMeta } from './round-state.js';

/** Tentative states that nobody refers to are kept for so many deadlines. */
const GRACE = 10;

/** What a member has written for a round, and what its companion said then. */
export interface Kept {
  readonly state: StateRef;
  readonly ends: Data | undefined;
  /** Of the stream that it lies in. */
  readonly head: Head;
}

/** Writes the state of a member, and of its companion. No call is running. */
export async function keep(settings: Settings, meta: StateMeta): Promise<Kept> {
  const { store, group, state, companion, deadlineMs } = settings;
  await companion?.flush();
  const ends = companion?.capture();
  const parts = ends === undefined ? [state.capture()] : [state.capture(), ends];
  const [ref, head] = await writeState(store, { ...meta, group, parts }, GRACE * deadlineMs);
  return { state: ref, ends, head };
}

/** Puts back what a line holds of a member. */
export async function putBack({ store, group, state, companion }: Settings, epoch: number, line: RoundLine): Promise<void> {
  const ref = line.states[state.id];
  const parts = ref ? await readState(store, group, state.id, line.round, ref) : [];
  state.restore(parts[0], []);
  await companion?.restore(parts[1], epoch);
}
