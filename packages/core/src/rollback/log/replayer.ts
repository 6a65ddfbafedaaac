import type { Codec } from '../../base/codec.js';
import type { Environment } from '../../base/environment.js';
import { messageOf } from '../../base/errors.js';
import type { Data, Entry, Store } from '../../base/store.js';
import { LogCorruptError } from './errors.js';
import { Fifo } from './fifo.js';
import { unpack } from './frames.js';
import { decode } from './records.js';
import type { Determinant, LogRecord } from './records.js';
import { pages } from './replay.js';
import { ReplayFilter } from './replay-filter.js';
import type { ReplayMode } from './types.js';

/** A message as it stands in the log. */
export interface Found {
  readonly position: number;
  readonly from: string;
  readonly sequence: number;
  readonly data: Data;
  /** Index of its entry. */
  readonly index: number;
  /** What its handler took, as far as it came. */
  taken: Determinant[];
  failures: number;
  crashes: number;
}

export interface ReplayHost {
  readonly store: Store;
  readonly stream: string;
  readonly process: string;
  readonly environment: Environment;
  readonly mode: ReplayMode;
  /** Runs the handler along what was logged. */
  handled(message: Found): Promise<void> | undefined;
  parked(message: Found, why: string): void;
  /** One page was used up: so far. */
  progress(position: number): void;
}

/** Reads a log from an entry on and has its messages handled again, in their order: those of which the log says that they were. */
export class Replayer {
  private readonly waiting = new Fifo<Found>();
  private readonly filter: ReplayFilter;
  private records = 0;
  /** The last message in the log. */
  logged: number;

  constructor(
    private readonly host: ReplayHost,
    /** The last message that is in the state already. */
    private position: number,
  ) {
    this.logged = position;
    this.filter = new ReplayFilter(host.mode, (entry, newest) => this.stale(entry, newest));
  }

  /** Answers the messages that were logged and not handled. `upTo`: those up to this one are handled whatever the log says. */
  async run(from: number, to: number, upTo?: number): Promise<readonly Found[]> {
    const { store, stream } = this.host;
    for await (const entries of pages(store, stream, from, to, () => this.records)) {
      this.records = 0;
      for (const entry of entries) await this.entry(entry, upTo);
      this.host.progress(this.position);
      if (upTo !== undefined && this.position >= upTo) return [];
      // Others of this process get their turn.
      await new Promise<void>((resolve) => this.host.environment.clock.nextTurn(resolve));
    }
    if (upTo !== undefined) await this.handle(upTo);
    return this.waiting.drain();
  }

  private async entry(entry: Entry, upTo: number | undefined): Promise<void> {
    if (!this.filter.takes(entry)) return;
    this.records += 1;
    if (entry.type !== 'records') return;
    const { codec } = this.host.environment;
    for (const data of this.unpacked(entry)) {
      this.records += 1;
      await this.record(this.decoded(codec, data, entry), data, entry.index, upTo);
    }
  }

  private record(record: LogRecord, data: Data, index: number, upTo: number | undefined): Promise<void> | undefined {
    const [kind, position] = record;
    if (position <= this.position || (upTo !== undefined && position > upTo)) return undefined;
    if (kind === 'in') {
      const [, , from, sequence] = record;
      if (position !== this.logged + 1) throw this.corrupt(`message ${position} follows ${this.logged}`);
      this.logged = position;
      this.waiting.push({ position, from, sequence, data, index, taken: [], failures: 0, crashes: 0 });
      return undefined;
    }
    if (kind === 'upto') return this.handle(position);
    const message = this.find(position);
    if (kind === 'again') message.crashes += 1;
    else if (kind === 'failed') {
      message.failures = record[2];
      message.taken.splice(record[3]);
    } else if (kind !== 'parked') message.taken.push(...record[2]);
    if (kind === 'done') return this.handle(position);
    if (kind === 'parked') return this.park(position, record[2]);
    return undefined;
  }

  private find(position: number): Found {
    const message = this.waiting.find((one) => one.position === position);
    if (!message) throw this.corrupt(`message ${position} is missing`);
    return message;
  }

  private async handle(upTo: number): Promise<void> {
    for (let message = this.waiting.peek(); message && message.position <= upTo; message = this.waiting.peek()) {
      await this.host.handled(message);
      this.position = message.position;
      this.waiting.shift();
    }
  }

  private async park(position: number, why: string): Promise<void> {
    await this.handle(position - 1);
    const message = this.waiting.shift();
    if (!message) throw this.corrupt(`message ${position} is missing`);
    this.host.parked(message, why);
    this.position = position;
  }

  private unpacked(entry: Entry): readonly Data[] {
    try {
      return unpack(entry.data);
    } catch (error) {
      throw this.corrupt(`entry ${entry.index} is no list of records: ${messageOf(error)}`);
    }
  }

  private decoded(codec: Codec, data: Data, { index }: Entry): LogRecord {
    try {
      return decode(codec, data);
    } catch (error) {
      throw new LogCorruptError(this.host.process, `a record of entry ${index}`, error);
    }
  }

  private corrupt(what: string): LogCorruptError {
    return new LogCorruptError(this.host.process, what);
  }

  private stale(entry: Entry, newest: number): void {
    const { process, environment, mode } = this.host;
    const details = { index: entry.index, key: entry.key, newest };
    environment.events.publish({ name: 'log.stale', at: environment.clock.now(), id: process, details });
    if (mode === 'fail') throw this.corrupt(`entry ${entry.index} (${entry.key}) is of a writer that incarnation ${newest} had replaced`);
  }
}
