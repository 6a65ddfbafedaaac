import type { ProcessId } from '../words.js';

/**
 * The part of one process in snapshots over a transport that keeps no order: Lai, Yang, "On distributed snapshots", 1987, with the
 * counters of Mattern. Each message carries the number of snapshots that its sender has recorded, its colour; whoever receives one of a later colour
 * records before the delivery. What comes with an earlier colour after the recording was in the channel; the snapshot is
 * whole when as many have come as the senders say that they sent. Messages must come once each: duplicates are dropped before.
 */
export class ColourRound<T> {
  /** How many snapshots were recorded: the colour of what is sent. */
  colour = 0;
  /** Since the beginning, to each process, and from each. */
  readonly #sent = new Map<ProcessId, number>();
  readonly #received = new Map<ProcessId, number>();
  /** Those of the present colour among them. */
  readonly #red = new Map<ProcessId, number>();
  readonly #expected = new Map<ProcessId, number>();
  readonly #late: { readonly from: ProcessId; readonly message: T }[] = [];

  constructor(private readonly incoming: readonly ProcessId[]) {}

  /** A message leaves; answers the colour that it must carry. */
  send(to: ProcessId): number {
    count(this.#sent, to);
    return this.colour;
  }

  /** Whether the state must be recorded before a message of this colour is delivered. */
  mustRecord(colour: number): boolean {
    return colour > this.colour;
  }

  /** The state is recorded now. Answers what each receiver must be told: how many messages were sent to it before. */
  record(): ReadonlyMap<ProcessId, number> {
    this.colour += 1;
    this.#late.length = 0;
    this.#red.clear();
    this.#expected.clear();
    return new Map(this.#sent);
  }

  /** A message is delivered, after `mustRecord` was asked. */
  deliver(from: ProcessId, colour: number, message: T): void {
    count(this.#received, from);
    if (colour < this.colour) this.#late.push({ from, message });
    else count(this.#red, from);
  }

  /** A sender says how many it sent to this process before it recorded. To be told after this process has recorded itself. */
  told(from: ProcessId, sent: number): void {
    this.#expected.set(from, sent);
  }

  /** Whether everything that was sent before has come. */
  get isComplete(): boolean {
    const before = (from: ProcessId): number => (this.#received.get(from) ?? 0) - (this.#red.get(from) ?? 0);
    return this.colour > 0 && this.incoming.every((from) => this.#expected.get(from) === before(from));
  }

  /** The messages that were in the channels. */
  get late(): readonly { readonly from: ProcessId; readonly message: T }[] {
    return this.#late;
  }
}

function count(counts: Map<ProcessId, number>, process: ProcessId): void {
  counts.set(process, (counts.get(process) ?? 0) + 1);
}
