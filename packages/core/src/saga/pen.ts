import { sleep } from '../base/clock.js';
import { ConflictError, messageOf, RedressError, StoreRegressionError, StoreUnavailableError } from '../base/errors.js';
import type { Commit, Entry, Head, HeadPatch, Loaded, NewEntry, Wake } from '../base/store.js';
import type { Tags } from './definition.js';
import type { Desk } from './desk.js';
import { OwnershipLostError } from './errors.js';
import { Lease } from './lease.js';
import { isForeign } from './records.js';
import { forgottenAfterMs, isSame, mend } from './restore.js';

export interface PenEvents {
  onLost(reason: RedressError): void;
  /** The store went back. Not `restored`: what it has is another story than this owner's, and the run is left. */
  onRegressed(error: StoreRegressionError, restored: boolean): void;
  onUnavailable(error: RedressError): void;
  /** Others have appended these, and the head is as they left it. */
  onNews(entries: readonly Entry[]): void;
}

const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 1_000;

/**
 * One owner's guarded writes to the stream of one run: each names what this owner last saw of the head, is repeated
 * until it is known to be there, and ends the ownership when somebody else has written.
 */
export class Pen {
  /** As last seen; undefined until the stream is created. */
  head: Head | undefined;
  /** All that the stream holds, as last seen: what to write again when the store has lost it. */
  private readonly kept: NewEntry[] = [];
  private isDivided = false;
  readonly lease: Lease;
  private closedBy: RedressError | undefined;
  /** Requests to write. */
  private sent = 0;
  /** The stamp that the last commit has named. */
  private named: string | undefined;

  constructor(
    private readonly desk: Desk,
    private readonly saga: string,
    private readonly id: string,
    private readonly stream: string,
    private readonly events: PenEvents,
    /** Of a stream that this pen creates. */
    readonly tags?: Tags,
  ) {
    this.lease = new Lease(desk);
  }

  get closed(): RedressError | undefined {
    return this.closedBy;
  }

  /** Takes a claimed stream over. */
  take({ head, entries }: Loaded, claimedAt: number): void {
    this.head = head;
    // One by one: a long journal has more than a call takes arguments.
    for (const entry of entries) this.kept.push(entry);
    this.lease.renewed(claimedAt, head);
  }

  /** Nothing is written any more. `reason`: what later calls are refused with. */
  close(why: string, reason: RedressError = new OwnershipLostError(this.saga, this.id, why)): void {
    if (this.closedBy) return;
    this.closedBy = reason;
    this.events.onLost(reason);
  }

  /**
   * Commits; `done` is called once, with what prevented it if anything did. One commit at a time, please. The patch is
   * asked for at each attempt: what others wrote meanwhile is a part of it.
   */
  commit(entries: readonly NewEntry[], patch: () => HeadPatch, done: (error?: unknown) => void): void {
    let head: HeadPatch;
    try {
      head = this.patched(patch());
    } catch (error) {
      return done(error);
    }
    const sentAt = this.desk.environment.clock.monotonic();
    this.send(entries, head).then(
      (commit) => {
        const lost = this.accept(commit, entries, head, sentAt);
        if (lost instanceof Promise) void lost.then(done, done);
        else done(lost);
      },
      (error: unknown) => void this.sendAgain(entries, patch, error, sentAt).then(done, done),
    );
  }

  /** Gives the stream away, under a new version: whoever still writes for this owner is refused. One attempt. */
  async release(wake: Wake, meta: string | undefined): Promise<void> {
    // Nothing to give away: the last commit has ended or parked the run.
    if (this.head?.owner !== this.desk.owner) return;
    const { version, stamp, claims } = this.head;
    const head = { owner: null, wake, claims: Math.max(claims - 1, 0), ...(meta === undefined ? {} : { meta }) };
    try {
      await this.desk.store.commit({ id: this.stream, expect: { version, stamp }, entries: [], head });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // Others have written, or the store has gone back.
      await this.lookBack();
    }
  }

  /** Takes in what others have appended: a heart-beat has seen a newer version. */
  async refresh(): Promise<void> {
    const unavailable = await this.reconcile(false);
    if (unavailable !== undefined && !(unavailable instanceof StoreUnavailableError)) throw this.refused(unavailable) as Error;
  }

  /** Reads the stream, as another process would. */
  async read(): Promise<Loaded> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      this.checkOpen();
      try {
        const found = await this.desk.store.load(this.stream);
        const last = found?.entries[(this.head?.length ?? 0) - 1];
        if (found?.head.owner === this.desk.owner && isSame(last, this.kept.at(-1))) return found;
        // It is lost, or the store has gone back.
        const unavailable = await this.reconcile(false);
        if (unavailable !== undefined) throw unavailable as Error;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await this.outwait(error, pauseMs);
      }
    }
  }

  private checkOpen(): void {
    if (this.closedBy) throw this.closedBy;
  }

  private patched(patch: HeadPatch): HeadPatch {
    const wake = { inMs: this.desk.leaseMs };
    if (this.head === undefined)
      return { owner: this.desk.owner, status: 'running', wake, ...(this.tags && { tags: this.tags }), ...patch };
    // A lease that lasts is left alone: moving it costs every store a change of its index of what is due.
    const lease = this.lease.needsRenewal(this.desk.environment.clock.monotonic()) ? { wake } : undefined;
    return this.head.claims > 0 ? { claims: 0, ...lease, ...patch } : { ...lease, ...patch };
  }

  private send(entries: readonly NewEntry[], head: HeadPatch): Promise<Commit> {
    const id = this.stream;
    this.sent += 1;
    this.named = this.head?.stamp;
    if (!this.head) return this.desk.store.commit({ id, expect: 'absent', create: { kind: 'saga', name: this.saga }, entries, head });
    const { version, stamp } = this.head;
    return this.desk.store.commit({ id, expect: { version, stamp }, entries, head });
  }

  /** After a commit that failed with `error`: again and again, until it is known to be there or nobody can write it here. */
  private async sendAgain(entries: readonly NewEntry[], patch: () => HeadPatch, error: unknown, firstSentAt: number): Promise<void> {
    let failure = error;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      const unavailable = failure instanceof ConflictError ? await this.reconcile(true) : failure;
      this.checkOpen();
      if (unavailable !== undefined) {
        if (!(unavailable instanceof StoreUnavailableError)) throw this.refused(unavailable);
        await this.outwait(unavailable, pauseMs);
        this.checkOpen();
      }
      const head = this.patched(patch());
      const sentAt = this.desk.environment.clock.monotonic();
      try {
        const commit = await this.send(entries, head);
        // One that was there already may be as old as the first attempt, and so is its lease.
        const lost = await this.accept(commit, entries, head, commit.applied ? sentAt : firstSentAt);
        if (lost) throw lost;
        return;
      } catch (again) {
        this.checkOpen();
        failure = again;
      }
    }
  }

  /** Takes an answered commit in. Answers the loss of ownership, if it shows one. */
  private accept(
    done: Commit,
    entries: readonly NewEntry[],
    patch: HeadPatch,
    sentAt: number,
  ): OwnershipLostError | undefined | Promise<OwnershipLostError | undefined> {
    const length = (this.head?.length ?? 0) + entries.length;
    const owner = patch.owner === undefined ? this.desk.owner : patch.owner;
    if (!done.applied && done.head.owner !== owner) return this.lose('its last commit was repeated after somebody else wrote');
    this.kept.push(...entries);
    if (!done.applied && done.head.length !== length) {
      if (patch.wake) this.lease.renewed(sentAt);
      return this.catchUp(done.head, length);
    }
    this.head = done.head;
    if (patch.wake) this.lease.renewed(sentAt, done.applied ? done.head : undefined);
    return undefined;
  }

  /** A commit was there already, and others have appended since: nothing is written before that is known. */
  private async catchUp(head: Head, from: number): Promise<undefined> {
    this.head = { ...head, length: from };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      const unavailable = await this.reconcile(false);
      if (unavailable === undefined) return undefined;
      this.checkOpen();
      if (!(unavailable instanceof StoreUnavailableError)) throw this.refused(unavailable);
      await this.outwait(unavailable, pauseMs);
      this.checkOpen();
    }
  }

  /** The stream as it is now: still ours and only foreign news, then it may be written on top of them. */
  private async reconcile(refused: boolean): Promise<unknown> {
    const { head: seen, sent } = this;
    if (!seen) throw this.lose('the id is taken');
    let found: Loaded | undefined;
    try {
      // With the last entry that this owner knows: where that is another one, the store has gone back and on again.
      found = await this.desk.store.load(this.stream, { from: seen.length - 1 });
    } catch (error) {
      return error;
    }
    // What was sent meanwhile may be what is found, and it meets what others have written.
    // Nor is it for one who has lost the run to mend what is found, but for `lookBack`.
    if (this.head !== seen || this.sent !== sent || this.closedBy) return undefined;
    const [last, ...news] = found?.entries ?? [];
    if (!found || found.head.version < seen.version || !isSame(last, this.kept.at(-1))) return this.regressed(seen);
    if (found.head.owner !== this.desk.owner) throw this.lose('another process has claimed it');
    const strange = news.some(({ type }) => !isForeign(type));
    if (strange || (refused && found.head.stamp === this.named)) throw this.lose('its journal holds entries that this pass did not write');
    this.head = found.head;
    this.kept.push(...news);
    if (news.length > 0) this.events.onNews(news);
    return undefined;
  }

  /** After the ownership was lost: whether the store still holds what this owner had been answered. */
  async lookBack(): Promise<void> {
    const { head: seen } = this;
    if (!seen || this.isDivided) return;
    const found = await this.desk.store.load(this.stream, { from: seen.length - 1, limit: 1 });
    if (!isSame(found?.entries[0], this.kept.at(-1))) await this.mend(seen, null);
  }

  /** The store has lost what it had answered: it is written again where nobody else has begun anew. */
  private async regressed(seen: Head): Promise<unknown> {
    const sentAt = this.desk.environment.clock.monotonic();
    let restored: Head | undefined;
    try {
      restored = await this.mend(seen, this.desk.owner);
    } catch (error) {
      return error instanceof ConflictError ? this.reconcile(false) : error;
    }
    if (this.head !== seen) return undefined;
    if (!restored) throw this.lose('the store holds another journal than this process has written');
    this.head = restored;
    this.lease.renewed(sentAt, restored);
    return undefined;
  }

  private async mend(seen: Head, owner: string | null): Promise<Head | undefined> {
    const { desk, stream, kept: entries } = this;
    const found = await desk.store.load(stream);
    const isRecent = isSame(found?.entries[0], entries[0]) || (await this.lease.lasted(forgottenAfterMs(desk, this.saga)));
    if (this.head !== seen) return undefined;
    this.sent += 1;
    const mended = await mend(desk, { head: seen, entries }, found, owner, isRecent);
    this.isDivided ||= mended.is === 'divided';
    const error = new StoreRegressionError(stream, seen.version, found?.head.version ?? 0);
    if (mended.is !== 'another') this.events.onRegressed(error, mended.is === 'restored');
    return mended.is === 'restored' ? mended.head : undefined;
  }

  /** The store will never take this: nobody can go on here. */
  private refused(error: unknown): unknown {
    this.close(`the store refused a write: ${messageOf(error)}`, RedressError.is(error) ? error : undefined);
    return error;
  }

  /** The store does not answer: try again while the lease is safe, then give the ownership up. */
  private async outwait(error: StoreUnavailableError, pauseMs: number): Promise<void> {
    const { clock } = this.desk.environment;
    if (this.head !== undefined && !this.lease.isSafe(clock.monotonic() + pauseMs))
      throw this.lose('the store was unavailable until the lease was not safe any more');
    if (this.head === undefined && pauseMs >= LAST_PAUSE_MS) {
      this.close('the store is unavailable', error);
      throw error;
    }
    this.events.onUnavailable(error);
    await sleep(clock, pauseMs);
  }

  private lose(why: string): OwnershipLostError {
    const error = new OwnershipLostError(this.saga, this.id, why);
    this.close(why, error);
    return error;
  }
}
