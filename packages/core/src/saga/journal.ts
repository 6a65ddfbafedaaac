import type { Environment } from '../base/environment.js';
import { sleep } from '../base/clock.js';
import { encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { ConflictError, RedressError, StoreRegressionError, StoreUnavailableError } from '../base/errors.js';
import type { Commit, Head, HeadPatch, Loaded, NewEntry, Store, Wake } from '../base/store.js';
import { OwnershipLostError, messageOf } from './errors.js';
import { History } from './history.js';
import type { JournalRecord, RecordOf, RecordType } from './records.js';

/** What all journals of a runtime share. */
export interface Desk {
  readonly store: Store;
  readonly environment: Environment;
  /** The codec that writes, then those that only read. */
  readonly codecs: readonly Codec[];
  readonly owner: string;
  readonly leaseMs: number;
}

interface Write {
  readonly patch: HeadPatch;
  readonly then: (error?: unknown) => void;
}

/**
 * The owner's pen: entries are buffered and written together, one commit at a time, each guarded by what this owner
 * last saw of the head. A commit also extends the lease when half of it is over.
 */
export class Journal {
  /** Id of its stream. */
  readonly stream: string;
  private past: History;
  private head: Head | undefined;
  private buffer: { entry: NewEntry; told: JournalRecord }[] = [];
  private busy = false;
  private leaving: Promise<void> | undefined;
  private readonly queue: Write[] = [];
  private safeUntil = Infinity;
  private closedBy: RedressError | undefined;
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
    this.head = found?.head;
    if (found) this.renewed(found.claimedAt);
  }

  /** What the journal says, with what is buffered. */
  get history(): History {
    return this.past;
  }


  get closed(): RedressError | undefined {
    return this.closedBy;
  }

  get claims(): number {
    return this.head?.claims ?? 0;
  }

  get hasUnwritten(): boolean {
    return this.buffer.length > 0;
  }

  get durable(): boolean {
    return this.head !== undefined;
  }

  /** Whether the lease surely lasts for a while. `monotonic`: now. */
  isSafe(monotonic: number): boolean {
    return monotonic < this.safeUntil;
  }

  /** A request sent at `sentAt` (monotonic) extended the lease. A fifth of it is kept as a margin. */
  renewed(sentAt: number): void {
    const until = sentAt + this.desk.leaseMs * 0.8;
    this.safeUntil = this.safeUntil === Infinity ? until : Math.max(this.safeUntil, until);
  }

  /** Whether a heart-beat is worth sending: less than half of the lease is left. */
  needsRenewal(monotonic: number): boolean {
    return this.head !== undefined && monotonic > this.safeUntil - this.desk.leaseMs * 0.5;
  }

  /** Nothing is written any more. `reason`: what later calls are refused with. */
  close(why: string, reason: RedressError = new OwnershipLostError(this.saga, this.id, why)): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    this.buffer = [];
    this.onClosed(reason);
  }

  /** Adds an entry to the next commit. @throws CodecError, and nothing is added. */
  add<T extends RecordType>(key: string, type: T, record: RecordOf<T>, n = 0): void {
    this.addEntry({ key, type, data: encodeRecord(this.desk.codecs[0] as Codec, record) }, record, n);
  }

  /** The same with a record that was encoded before, at the moment that counts. */
  addEntry<T extends RecordType>(entry: NewEntry & { readonly type: T }, record: RecordOf<T>, n = 0): void {
    if (this.closedBy) return;
    const told = { type: entry.type, key: entry.key, n, record } as JournalRecord;
    this.buffer.push({ entry, told });
    this.history.add(told);
  }

  /** Writes what is buffered: fulfilled when everything added before is durable. */
  flush(patch: HeadPatch = {}): Promise<void> {
    return new Promise((resolve, reject) => this.write(patch, (error) => (error === undefined ? resolve() : reject(error as Error))));
  }

  /** The same for the path of every step, without a promise: `then` is called once, with what prevented it if anything did. */
  write(patch: HeadPatch, then: (error?: unknown) => void): void {
    if (this.busy) return void this.queue.push({ patch, then });
    if (this.closedBy || this.buffer.length === 0) return then(this.closedBy);
    const batch = this.buffer;
    this.buffer = [];
    this.busy = true;
    const ended = (error?: unknown): void => {
      if (error === undefined) this.publish(batch);
      this.busy = false;
      // What was asked for before goes first; what `then` asks for queues up behind it.
      const next = this.queue.shift();
      if (next) this.write(next.patch, next.then);
      then(error);
    };
    const entries = batch.map(({ entry }) => entry);
    const head = this.patched(patch);
    const sentAt = this.desk.environment.clock.monotonic();
    this.send(entries, head).then(
      (done) => ended(this.accept(done, entries.length, head.wake === undefined ? undefined : sentAt)),
      (error: unknown) => void this.sendAgain(entries, head, error).then(ended, ended),
    );
  }

  /** Unowned until `until` of the store's clock; then any process may go on. The journal is closed. */
  async park(why: string, until: number): Promise<void> {
    this.add(`parked:${this.head?.version ?? 0}`, 'run.parked', { why, until });
    await this.flush({ owner: null, wake: { at: until } });
    this.close(why);
  }

  /**
   * Gives the run to others, who may claim it after `delayMs`. Nothing is appended: the lease is made to end then.
   * The journal is closed first, so nothing of this pass is written after it.
   */
  async handBack(why: string, delayMs: number): Promise<void> {
    if (this.closedBy) return;
    this.close(why);
    this.leaving = this.idle().then(async () => {
      if (this.head) await this.desk.store.renew(this.desk.owner, [this.stream], Math.max(delayMs, 1));
    });
    // Unanswered, the lease ends by itself: later, that is all.
    await this.leaving.catch(() => {});
  }

  /** Reads the journal anew, as another process would: what users' code did to the objects here does not count. */
  async reread(): Promise<void> {
    const { clock } = this.desk.environment;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
      if (this.closedBy) throw this.closedBy;
      try {
        const found = await this.desk.store.load(this.stream);
        if (found?.head.owner !== this.desk.owner) throw this.lose('another process has claimed it');
        this.past = History.read(this.desk.codecs, found.entries);
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        if (!this.isSafe(clock.monotonic() + pauseMs)) throw this.lose('the store was unavailable until the lease was not safe any more');
        await sleep(clock, pauseMs);
      }
    }
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

  private patched(patch: HeadPatch): HeadPatch {
    const wake = { inMs: this.desk.leaseMs };
    if (this.head === undefined) return { owner: this.desk.owner, status: 'running', tags: { id: this.id }, wake, ...patch };
    // A lease that lasts is left alone: moving it costs every store a change of its index of what is due.
    const lease = this.needsRenewal(this.desk.environment.clock.monotonic()) ? { wake } : undefined;
    return this.head.claims > 0 ? { claims: 0, ...lease, ...patch } : { ...lease, ...patch };
  }

  private send(entries: readonly NewEntry[], head: HeadPatch): Promise<Commit> {
    const { stream: id } = this;
    if (!this.head) return this.desk.store.commit({ id, expect: 'absent', create: { kind: 'saga', name: this.saga }, entries, head });
    const { version, stamp } = this.head;
    return this.desk.store.commit({ id, expect: { version, stamp }, entries, head });
  }

  /** After a commit that failed with `error`: again and again, until it is known to be there or nobody can write it here. */
  private async sendAgain(entries: readonly NewEntry[], head: HeadPatch, error: unknown): Promise<void> {
    let failure = error;
    for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
      const unavailable = failure instanceof ConflictError ? await this.reconcile() : failure;
      if (this.closedBy) throw this.closedBy;
      if (unavailable !== undefined) {
        if (!(unavailable instanceof StoreUnavailableError)) throw this.refused(unavailable);
        await this.outwait(unavailable, pauseMs);
        if (this.closedBy) throw this.closedBy;
      }
      const sentAt = this.desk.environment.clock.monotonic();
      try {
        const lost = this.accept(await this.send(entries, head), entries.length, head.wake === undefined ? undefined : sentAt);
        if (lost) throw lost;
        return;
      } catch (again) {
        if (this.closedBy) throw this.closedBy;
        failure = again;
      }
    }
  }

  /** Takes an answered commit in. Answers the loss of ownership, if it shows one. */
  private accept(done: Commit, entries: number, renewedAt: number | undefined): OwnershipLostError | undefined {
    const expected = (this.head?.length ?? 0) + entries;
    if (!done.applied && (done.head.owner !== this.desk.owner || done.head.length !== expected)) {
      return this.lose('its last commit was repeated after somebody else wrote');
    }
    const first = this.head === undefined;
    this.head = done.head;
    if (renewedAt !== undefined) this.renewed(renewedAt);
    if (first) this.onDurable();
    return undefined;
  }

  /** After a refused commit: still ours and only foreign news, then the commit may be repeated on top of them. */
  private async reconcile(): Promise<unknown> {
    const seen = this.head;
    if (!seen) throw this.lose('the id is taken');
    let found: Loaded | undefined;
    try {
      found = await this.desk.store.load(this.stream, { from: seen.length });
    } catch (error) {
      return error;
    }
    if (!found || found.head.version < seen.version || found.head.length < seen.length) {
      const error = new StoreRegressionError(this.stream, seen.version, found?.head.version ?? 0);
      this.tell('store.regressed', { error });
      throw this.lose(error.message);
    }
    if (found.head.owner !== this.desk.owner) throw this.lose('another process has claimed it');
    if (found.head.stamp === seen.stamp || found.entries.length > 0) throw this.lose('its journal holds entries that this pass did not write');
    this.head = found.head;
    return undefined;
  }

  /** The store will never take this: nobody can go on here. */
  private refused(error: unknown): unknown {
    this.close(`the store refused a write: ${messageOf(error)}`, RedressError.is(error) ? error : undefined);
    return error;
  }

  /** The store does not answer: try again while the lease is safe, then give the ownership up. */
  private async outwait(error: StoreUnavailableError, pauseMs: number): Promise<void> {
    const { clock } = this.desk.environment;
    if (this.head !== undefined && !this.isSafe(clock.monotonic() + pauseMs)) throw this.lose('the store was unavailable until the lease was not safe any more');
    if (this.head === undefined && pauseMs >= 1_000) {
      this.close('the store is unavailable', error);
      throw error;
    }
    await sleep(clock, pauseMs);
  }

  private lose(why: string): OwnershipLostError {
    const error = new OwnershipLostError(this.saga, this.id, why);
    this.close(why, error);
    return error;
  }

  private publish(batch: readonly { readonly told: JournalRecord }[]): void {
    if (!this.desk.environment.events.listening) return;
    for (const { told } of batch) {
      const step = told.n === 0 ? undefined : this.history.step(told.n).intent.operation;
      const error = 'error' in told.record ? told.record.error : 'cause' in told.record ? told.record.cause : undefined;
      this.tell(told.type, { ...(step === undefined ? {} : { step }), ...(error === undefined ? {} : { error }), details: told.record as object });
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

