import { encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import type { RedressError } from '../base/errors.js';
import type { Head, HeadPatch, NewEntry } from '../base/store.js';
import { History } from './history.js';
import { Pen } from './pen.js';
import type { Desk } from './pen.js';
import type { JournalRecord, RecordOf, RecordType } from './records.js';

interface Write {
  readonly patch: HeadPatch;
  readonly done: (error?: unknown) => void;
}

/** The journal of a run that this process owns: what it says, what is to be written next, and the pen that writes it. */
export class Journal {
  /** Id of its stream. */
  readonly stream: string;
  private past: History;
  private readonly pen: Pen;
  private buffer: { entry: NewEntry; told: JournalRecord }[] = [];
  private busy = false;
  private leaving: Promise<void> | undefined;
  private readonly queue: Write[] = [];
  /** Called once, when this owner must stop: the lease is lost, not safe any more, or given away. */
  onClosed: (reason: RedressError) => void = () => {};
  /** Called once, when the run has become durable. */
  onDurable: () => void = () => {};

  constructor(
    private readonly desk: Desk,
    readonly saga: string,
    readonly id: string,
    found?: { readonly head: Head; readonly history: History; readonly claimedAt: number },
  ) {
    this.stream = streamOf(saga, id);
    this.past = found?.history ?? new History();
    this.pen = new Pen(desk, saga, id, this.stream, this);
    if (!found) return;
    this.pen.head = found.head;
    this.pen.renewed(found.claimedAt);
  }

  /** What the journal says, with what is buffered. */
  get history(): History {
    return this.past;
  }

  get closed(): RedressError | undefined {
    return this.pen.closed;
  }

  get claims(): number {
    return this.pen.head?.claims ?? 0;
  }

  get hasUnwritten(): boolean {
    return this.buffer.length > 0;
  }

  get durable(): boolean {
    return this.pen.head !== undefined;
  }

  /** Whether the lease surely lasts at this monotonic moment. */
  isSafe(monotonic: number): boolean {
    return this.pen.isSafe(monotonic);
  }

  /** A heart-beat sent at `sentAt` (monotonic) extended the lease. */
  renewed(sentAt: number): void {
    this.pen.renewed(sentAt);
  }

  needsRenewal(monotonic: number): boolean {
    return this.pen.needsRenewal(monotonic);
  }

  /** Nothing is written any more. */
  close(why: string): void {
    this.pen.close(why);
  }

  onLost(reason: RedressError): void {
    this.buffer = [];
    this.onClosed(reason);
  }

  onRegressed(error: RedressError): void {
    this.tell('store.regressed', { error });
  }

  /** Adds an entry to the next commit. @throws CodecError, and nothing is added. */
  add<T extends RecordType>(key: string, type: T, record: RecordOf<T>, n = 0): void {
    this.addEntry({ key, type, data: encodeRecord(this.desk.codecs[0] as Codec, record) }, record, n);
  }

  /** The same with a record that was encoded before, at the moment that counts. */
  addEntry<T extends RecordType>(entry: NewEntry & { readonly type: T }, record: RecordOf<T>, n = 0): void {
    if (this.closed) return;
    const told = { type: entry.type, key: entry.key, n, record } as JournalRecord;
    this.buffer.push({ entry, told });
    this.history.add(told);
  }

  /** Writes what is buffered: fulfilled when everything added before is durable. */
  flush(patch: HeadPatch = {}): Promise<void> {
    return new Promise((resolve, reject) => this.write(patch, (error) => (error === undefined ? resolve() : reject(error as Error))));
  }

  /** The same for the path of every step, without a promise: `done` is called once, with what prevented it if anything did. */
  write(patch: HeadPatch, done: (error?: unknown) => void): void {
    if (this.busy) return void this.queue.push({ patch, done });
    if (this.closed || this.buffer.length === 0) return done(this.closed);
    const batch = this.buffer;
    this.buffer = [];
    this.busy = true;
    const first = !this.durable;
    const entries = batch.map(({ entry }) => entry);
    this.pen.commit(entries, patch, (error) => {
      if (error === undefined) this.publish(batch);
      this.busy = false;
      if (first && this.durable) this.onDurable();
      // What was asked for before goes first; what `done` asks for queues up behind it.
      const next = this.queue.shift();
      if (next) this.write(next.patch, next.done);
      done(error);
    });
  }

  /** Unowned until `until` of the store's clock; then any process may go on. The journal is closed. */
  async park(why: string, until: number): Promise<void> {
    this.add(`parked:${this.pen.head?.version ?? 0}`, 'run.parked', { why, until });
    await this.flush({ owner: null, wake: { at: until } });
    this.close(why);
  }

  /**
   * Gives the run to others, who may claim it after `delayMs`. Nothing is appended: the lease is made to end then.
   * The journal is closed first, so nothing of this pass is written after it.
   */
  async handBack(why: string, delayMs: number): Promise<void> {
    if (this.closed) return;
    this.close(why);
    this.leaving = this.idle().then(async () => {
      if (this.durable) await this.desk.store.renew(this.desk.owner, [this.stream], Math.max(delayMs, 1));
    });
    // Unanswered, the lease ends by itself: later, that is all.
    await this.leaving.catch(() => {});
  }

  /** Reads the journal anew, as another process would: what users' code did to the objects here does not count. */
  async reread(): Promise<void> {
    this.past = History.read(this.desk.codecs, (await this.pen.read()).entries);
  }

  /** Settles when this journal asks the store for nothing any more. */
  async settled(): Promise<void> {
    await this.idle();
    await this.leaving?.catch(() => {});
  }

  /** Settles when no commit is in flight. */
  idle(): Promise<void> {
    return new Promise((resolve) => this.write({}, () => resolve()));
  }

  private publish(batch: readonly { readonly told: JournalRecord }[]): void {
    if (!this.desk.environment.events.listening) return;
    for (const { told } of batch) {
      const step = told.n === 0 ? undefined : this.history.step(told.n).intent.operation;
      const error = 'error' in told.record ? told.record.error : 'cause' in told.record ? told.record.cause : undefined;
      this.tell(told.type, {
        ...(step === undefined ? {} : { step }),
        ...(error === undefined ? {} : { error }),
        details: told.record as object,
      });
    }
  }

  /** Publishes an event about this run. */
  tell(name: string, more: { readonly step?: string; readonly error?: unknown; readonly details?: object } = {}): void {
    const { clock, events } = this.desk.environment;
    if (!events.listening) return;
    events.publish({ name, at: clock.now(), saga: this.saga, id: this.id, ...(more as object) });
  }
}

/** Id of the stream of a run. */
export function streamOf(saga: string, id: string): string {
  return `${saga}/${id}`;
}
