import { encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import type { RedressError } from '../base/errors.js';
import type { Entry, HeadPatch, Loaded, NewEntry, Wake } from '../base/store.js';
import type { Tags } from './definition.js';
import { insist } from './divided.js';
import { History } from './history.js';
import { handedBack, NotedMeta, writeMeta } from './meta.js';
import type { Meta, MetaChanges } from './meta.js';
import { OwnershipLostError } from './errors.js';
import { streamOf } from './desk.js';
import { Pen } from './pen.js';
import type { Desk } from './desk.js';
import type { PenEvents } from './pen.js';
import { recordOf } from './records.js';
import type { JournalRecord, RecordOf, RecordType } from './records.js';
import { ending } from './retention.js';
import { MOST_ENTRIES, tellWritten, TooLate } from './writes.js';
import type { Buffered, Write } from './writes.js';

/** The journal of a run that this process owns: what it says, what is to be written next, and the pen that writes it. */
export class Journal implements PenEvents {
  /** Id of its stream. */
  readonly stream: string;
  private past: History;
  private readonly pen: Pen;
  private buffer: Buffered[] = [];
  private busy = false;
  /** Parked or ended by its last commit: nothing comes after it. */
  away = false;
  /** It was given away here: what becomes of it then is no loss. */
  private isGivenUp = false;
  /** Others have written since this run was to be parked. */
  private news = false;
  /** Whether the end of the way forward comes too late. */
  private tooLate: () => boolean = () => false;
  private leaving: Promise<void> | undefined;
  /** The store's clock less the monotonic one. */
  private aheadMs = 0;
  private queue: Write[] = [];
  private readonly idlers: (() => void)[] = [];
  /** Called once, when this owner must stop: the lease is lost, not safe any more, or given away. */
  onClosed: (reason: RedressError) => void = () => {};
  /** Called once, when the run has become durable. */
  onDurable: () => void = () => {};
  /** Called when the store holds another story of this run than this owner: nobody may go on without a person. */
  onDivided: (error: RedressError) => void = () => {};
  /** Called when others have written to the run. */
  onForeign: () => void = () => {};
  private readonly noted = new NotedMeta();

  constructor(
    readonly desk: Desk,
    readonly saga: string,
    readonly id: string,
    found?: { readonly loaded: Loaded; readonly history: History; readonly claimedAt: number },
    tags?: Tags,
  ) {
    this.stream = streamOf(saga, id);
    this.past = found?.history ?? new History();
    this.pen = new Pen(desk, saga, id, this.stream, this, tags);
    if (!found) return;
    this.pen.take(found.loaded, found.claimedAt);
    // The claim set the lease's end from the store's clock: that is what it was then. Later is safer than sooner.
    this.aheadMs = (found.loaded.head.wakeAt ?? 0) - desk.leaseMs - desk.environment.clock.monotonic();
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

  /** What stands beside the status, with what is to be written with the next commit. */
  get meta(): Meta {
    return this.noted.on(this.pen.head?.meta ?? '');
  }

  /** Changes what stands beside the status, with the next commit. Undefined takes a part away. */
  note(changes: MetaChanges): void {
    this.noted.changes = { ...this.noted.changes, ...changes };
  }

  get tags(): Tags | undefined {
    return this.pen.head?.tags ?? this.pen.tags;
  }

  get version(): number {
    return this.pen.head?.version ?? 0;
  }

  /** Of a run that does not exist yet. `now`: of the store's clock, asked for just now. */
  setDeadline(now: number, inMs: number | undefined): this {
    if (inMs === undefined) return this;
    this.aheadMs = now - this.desk.environment.clock.monotonic();
    this.note({ deadlineAt: now + inMs });
    return this;
  }

  /** The monotonic moment of a moment of the store's clock, as far as the claim tells. */
  monotonicOf(storeAt: number): number {
    return storeAt - this.aheadMs;
  }

  /** Takes in what others have written; what cannot be read now, the next commit meets. */
  async refresh(): Promise<void> {
    await this.idle();
    if (!this.closed && !this.away && this.durable) await this.pen.refresh().catch(() => {});
  }

  get durable(): boolean {
    return this.pen.head !== undefined;
  }

  isSafe(monotonic: number): boolean {
    return this.pen.lease.isSafe(monotonic);
  }

  /** A heart-beat sent at `sentAt` (monotonic) extended the lease. */
  renewed(sentAt: number): void {
    this.pen.lease.renewed(sentAt);
  }

  needsRenewal(monotonic: number): boolean {
    return this.durable && this.pen.lease.needsRenewal(monotonic);
  }

  close(why: string): void {
    this.pen.close(why);
  }

  onLost(reason: RedressError): void {
    this.buffer = [];
    if (!this.isGivenUp) void insist(this.desk.environment.clock, () => this.pen.lookBack());
    // One that was never ours, because somebody else had created it, is not left.
    if (this.durable) this.tell('run.left', { details: { why: reason.message } });
    this.onClosed(reason);
  }

  readonly onUnavailable = (error: RedressError): void => this.tell('store.unavailable', { error });
  onRegressed(error: RedressError, restored: boolean): void {
    this.tell('store.regressed', { error, details: { restored } });
    if (!restored) this.onDivided(error);
  }

  onNews(entries: readonly Entry[]): void {
    this.news = true;
    for (const entry of entries) {
      const record = recordOf(this.desk.codecs, entry);
      if (record) this.past.add(record, entry.at);
    }
    this.onForeign();
  }

  /** Adds an entry to the next commit. @throws CodecError, and nothing is added. */
  add<T extends RecordType>(key: string, type: T, record: RecordOf<T>, n = 0): void {
    this.addEntry({ key, type, data: encodeRecord(this.desk.codecs[0] as Codec, record) }, record, n);
  }

  /** The same with a record that was encoded before, at the moment that counts. */
  addEntry<T extends RecordType>(entry: NewEntry & { readonly type: T }, record: RecordOf<T>, n = 0): void {
    if (this.closed || this.away) return;
    const told = { type: entry.type, key: entry.key, n, record } as JournalRecord;
    this.buffer.push({ entry, told });
    // It goes on: what kept others from it is over.
    if (this.meta.handBacks !== undefined) this.note({ handBacks: undefined, blocked: undefined });
    this.history.add(told);
  }

  /** Writes what is buffered: fulfilled when everything added before is durable. */
  flush(patch: HeadPatch = {}): Promise<void> {
    return new Promise((resolve, reject) => this.write(patch, (error) => (error === undefined ? resolve() : reject(error as Error))));
  }

  /** The same for the path of every step, without a promise: `done` is called once, with what prevented it if anything did. */
  write(patch: HeadPatch, done: (error?: unknown) => void): void {
    if (this.busy) this.queue.push({ patch, done });
    else this.put(patch, done);
  }

  /** Everything that was asked for since the last commit goes into the next one, and is answered by it. */
  private drain(): void {
    const writes = this.queue;
    if (writes.length === 0) return;
    this.queue = [];
    const patch = Object.assign({}, ...writes.map((one) => one.patch)) as HeadPatch;
    this.put(patch, (error) => {
      for (const { done } of writes) done(error);
    });
  }

  private put(patch: HeadPatch, done: (error?: unknown) => void): void {
    if (this.away) return done(new OwnershipLostError(this.saga, this.id, 'it was given away'));
    if (this.closed || (this.buffer.length === 0 && this.noted.changes === undefined && patch.owner === undefined))
      return done(this.closed);
    const batch = this.buffer;
    this.buffer = batch.length > MOST_ENTRIES ? batch.splice(MOST_ENTRIES) : [];
    if (this.buffer.length === 0) return this.commit(batch, patch, done);
    // More than a commit holds: the first part goes ahead of what was asked for, which waits for all of it.
    const rest = { patch, done };
    this.queue.unshift(rest);
    this.commit(batch, {}, (error) => {
      if (error !== undefined) this.queue.splice(this.queue.indexOf(rest), 1).forEach((one) => one.done(error));
    });
  }

  private commit(batch: Buffered[], patch: HeadPatch, answer: (error?: unknown) => void): void {
    const { changes } = this.noted;
    this.busy = true;
    const first = !this.durable;
    const entries = batch.map(({ entry }) => entry);
    const asked = (): HeadPatch => {
      if (patch.status === 'completed' && this.tooLate()) throw new TooLate();
      const given = this.news && patch.owner === null && (patch.status ?? 'compensating') === 'compensating';
      if (!changes && !given) return patch;
      return { ...patch, ...(given && { wake: { inMs: 0 } }), ...(changes && { meta: writeMeta(this.meta) }) };
    };
    this.pen.commit(entries, asked, (error) => {
      if (error === undefined && this.desk.environment.events.listening) tellWritten(this, batch);
      if (error === undefined && patch.owner === null) this.away = true;
      if (error instanceof TooLate) this.takeBack(batch);
      else this.noted.written(changes);
      this.busy = false;
      if (first && this.durable) this.onDurable();
      answer(error);
      if (!this.busy) this.drain();
      if (!this.busy && this.idlers.length > 0) for (const resolve of this.idlers.splice(0)) resolve();
    });
  }

  private takeBack(batch: Buffered[]): void {
    this.buffer.unshift(...batch.filter(({ told }) => told.type !== 'saga.completed'));
    this.history.end = undefined;
  }

  /** Writes the end of the way forward. False: others made it `tooLate` before it was durable, and it does not stand. */
  async complete(entry: NewEntry & { readonly type: 'saga.completed' }, record: RecordOf<'saga.completed'>, tooLate: () => boolean) {
    this.tooLate = tooLate;
    this.addEntry(entry, record);
    return this.flush(ending(this, 'completed')).then(
      () => true,
      (error: unknown) => (error instanceof TooLate ? false : Promise.reject(error as Error)),
    );
  }

  /** Unowned and due as told, or at once if others write meanwhile; then any process may go on. The journal is closed. */
  async park(why: string, wake: Wake): Promise<void> {
    this.news = false;
    await this.flush({ owner: null, wake });
    this.tell('run.parked', { details: { why } });
    this.isGivenUp = true;
    this.close(why);
  }

  /** Gives the run to others, who may claim it after `delayMs`. `counted`: it could not go on here, and waits longer each time. */
  async handBack(why: string, delayMs: number, counted = false): Promise<void> {
    if (this.closed) return;
    // First, so that nothing of this pass is written after it.
    this.isGivenUp = true;
    this.close(why);
    // What was to be written beside entries is not written without them.
    const meta = (): string | undefined => (counted ? handedBack(this.pen.head?.meta ?? '', why) : undefined);
    this.leaving = this.idle().then(async () => this.pen.release({ inMs: delayMs }, meta()));
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

  idle(): Promise<void> {
    return this.busy ? new Promise((resolve) => this.idlers.push(resolve)) : Promise.resolve();
  }

  /** Publishes an event about this run. */
  tell(name: string, more: { readonly step?: string; readonly error?: unknown; readonly details?: object } = {}): void {
    const { clock, events } = this.desk.environment;
    if (!events.listening) return;
    events.publish({ name, at: clock.now(), saga: this.saga, id: this.id, ...(more as object) });
  }
}
