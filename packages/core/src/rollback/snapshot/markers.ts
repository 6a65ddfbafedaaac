import { InvariantError } from '../../base/errors.js';
import type { ProcessId } from '../words.js';
import { UnorderedChannelError } from './errors.js';

/** Positions of a channel, `to` excluded: the messages that a snapshot finds in it. Nothing is copied. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The part of one process in one snapshot by markers: Chandy, Lamport, "Distributed snapshots: determining global states
 * of distributed systems", ACM TOCS 1985. When a process begins, or meets the first marker, it records its state and sends a marker into each outgoing
 * channel, before anything else; what lies in an incoming channel between that moment and the marker there is the channel's state.
 */
export class MarkerRound {
  readonly #incoming: readonly ProcessId[];
  readonly #ranges = new Map<ProcessId, Range>();
  #recordedAt: Readonly<Record<ProcessId, number>> | undefined;

  /** @throws UnorderedChannelError when `ordered` is false: among reordered messages a marker says nothing. */
  constructor(incoming: readonly ProcessId[], ordered: boolean) {
    if (!ordered) throw new UnorderedChannelError();
    this.#incoming = incoming;
  }

  get isRecorded(): boolean {
    return this.#recordedAt !== undefined;
  }

  /** Whether the state is recorded and a marker came from everywhere. */
  get isComplete(): boolean {
    return this.isRecorded && this.#ranges.size === this.#incoming.length;
  }

  get ranges(): ReadonlyMap<ProcessId, Range> {
    return this.#ranges;
  }

  /** The state is recorded now; `positions`: where each incoming channel would be read next. Once. */
  record(positions: Readonly<Record<ProcessId, number>>): void {
    if (this.#recordedAt) throw new InvariantError('A process has recorded its state twice in one snapshot.');
    this.#recordedAt = { ...positions };
  }

  /** A marker was met at this position, after the state was recorded. Another one from there changes nothing. */
  close(from: ProcessId, position: number): Range {
    if (!this.#recordedAt) throw new InvariantError('A channel was closed before the state was recorded.');
    const range = this.#ranges.get(from) ?? { from: this.#recordedAt[from] ?? 0, to: position };
    this.#ranges.set(from, range);
    return range;
  }
}
