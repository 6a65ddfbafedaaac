import type { Environment } from '../../base/environment.js';
import type { Data, Store } from '../../base/store.js';
import { releaseChannel } from '../channel/upkeep.js';
import type { ProcessId, Recoverable } from '../words.js';
import type { ProcessStream } from './process-stream.js';
import { mergeReceived, without } from './records.js';
import type { CheckpointRecord, ProcessRecord, ReceivedFrom } from './records.js';

/** What a process has done since its last checkpoint, besides its state. */
export interface Present {
  received: ReceivedFrom;
  positions: Record<ProcessId, number>;
  sequence: number;
  index: number;
}

/** One process with its stream: what takes checkpoints of it, and goes back to them. */
export class Member {
  present: Present;
  /** Numbers of checkpoints that nobody will ever need. */
  garbage: ReadonlySet<number> = new Set();

  constructor(
    readonly environment: Environment,
    readonly store: Store,
    readonly group: string,
    readonly process: Recoverable,
    readonly stream: ProcessStream,
    /** The other members of the group. */
    readonly others: readonly ProcessId[],
  ) {
    this.present = presentAt(stream.record.checkpoints.at(-1) as CheckpointRecord);
  }

  get id(): ProcessId {
    return this.process.id;
  }

  /** The number of the open interval. */
  get interval(): number {
    return this.stream.record.highest + 1;
  }

  tell(name: string, details: Readonly<Record<string, unknown>>): void {
    const { events, clock } = this.environment;
    if (events.listening) events.publish({ name, at: clock.now(), details: { group: this.group, process: this.id, ...details } });
  }

  hasReceived(from: ProcessId, interval: number, name: string): void {
    this.present.received = mergeReceived(this.present.received, { [from]: { interval, name } });
  }

  /** State, vector and positions in one commit. */
  async checkpoint(index: number, pin?: string): Promise<CheckpointRecord> {
    const { received, positions, sequence } = this.present;
    const { record } = this.stream;
    const takenAt = this.environment.clock.now();
    const one = { number: this.interval, entry: this.stream.length, index, takenAt, received, positions: { ...positions }, sequence };
    const pinned = pin === undefined ? record.pinned : { ...record.pinned, [pin]: one.number };
    const kept = tidied({ ...record, pinned, checkpoints: [...record.checkpoints, one], highest: one.number }, this.garbage);
    const entry = { key: `checkpoint:${one.number}`, type: 'checkpoint.taken', data: this.process.capture() };
    await this.stream.write(entry, kept, kept.checkpoints[0]?.entry);
    this.present = { received: {}, positions, sequence, index };
    return one;
  }

  /** Ends a pin, and what is retained for it. */
  async unpin(name: string): Promise<void> {
    await this.#release(name);
    const { record } = this.stream;
    const { [name]: number, ...pinned } = record.pinned;
    if (number === undefined) return;
    await this.#note(`unpinned:${name}:${this.stream.length}`, { ...record, pinned });
  }

  /** Tells what was received in the open interval. `isLost`: there is no present any more. */
  async answer(epoch: number, isLost: boolean): Promise<void> {
    await this.#note(`answered:${epoch}`, { ...this.stream.record, answered: epoch, open: isLost ? null : this.present.received });
  }

  /** Stays where it is, as the line of this epoch says. */
  async keep(epoch: number): Promise<void> {
    await this.#note(`kept:${epoch}`, { ...this.stream.record, applied: epoch });
  }

  /** Goes back to a checkpoint. The new incarnation is durable before anything else; numbers that were used stay used. */
  async restore(epoch: number, to: number): Promise<void> {
    const { record } = this.stream;
    const checkpoints = record.checkpoints.filter(({ number }) => number <= to);
    const pinned = Object.fromEntries(Object.entries(record.pinned).filter(([, number]) => number <= to));
    const target = checkpoints.at(-1) as CheckpointRecord;
    const next = { ...record, checkpoints, pinned, incarnation: record.incarnation + 1, applied: epoch, open: {} };
    for (const name of Object.keys(record.pinned)) if (!(name in pinned)) await this.#release(name);
    // Read first: once it is written that this process stands there, nothing may come between.
    const state = await this.stream.state(target.entry);
    await this.#note(`restored:${epoch}`, next, String(to));
    this.process.restore(state, []);
    this.present = presentAt(target);
    this.garbage = new Set();
  }

  async #release(pin: string): Promise<void> {
    for (const from of this.others) await releaseChannel(this.store, { group: this.group, from, to: this.id }, pin);
  }

  #note(key: string, record: ProcessRecord, data: Data = ''): Promise<void> {
    return this.stream.write({ key, type: `process.${key.slice(0, key.indexOf(':'))}`, data }, record);
  }
}

function presentAt({ positions, sequence, index }: CheckpointRecord): Present {
  return { received: {}, positions: { ...positions }, sequence, index };
}

/** Without what nobody needs, except where it is pinned. */
function tidied(record: ProcessRecord, garbage: ReadonlySet<number>): ProcessRecord {
  const pinned = new Set(Object.values(record.pinned));
  return without(record, (number) => garbage.has(number) && !pinned.has(number));
}
