import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Change, Data, Head, NewEntry, Store } from '../../base/store.js';
import { Batch } from './batch.js';
import type { Extra } from './batch.js';
import { LogFencedError } from './errors.js';
import { pack } from './frames.js';

const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1_000;

export interface PenEvents {
  /** The record which says that all messages up to this one were handled. */
  upTo(position: number): Data;
  /** What stands in the head. */
  meta(): string;
  /** The store has lost a part of what it had answered. The pen rests until `renew`. */
  onRegressed(error: StoreRegressionError): void;
  /** Nothing can be written here any more. */
  onClosed(error: unknown): void;
  onUnavailable(error: StoreUnavailableError): void;
}

/**
 * Writes the stream of one process: one commit is under way, and what is asked for meanwhile shares the next one. So a thousand
 * producers wait for two commits at most, and no timer is needed (group commit: DeWitt et al., 1984).
 */
export class Pen {
  private open = new Batch();
  private readonly queue: Batch[] = [];
  private entries = 0;
  private pumping = false;
  private resting = false;
  private closedBy: { readonly error: unknown } | undefined;
  private last: Batch | undefined;
  private lastKey: string | undefined;
  private idlers: (() => void)[] = [];

  constructor(
    private readonly store: Store,
    private readonly environment: Environment,
    readonly process: string,
    /** Of this opening of the log. Every key that it writes begins with it. */
    public incarnation: number,
    private readonly owner: string,
    public head: Head,
    private readonly events: PenEvents,
  ) {}

  /** The batch that a record is written with; also of one that is written already. */
  append(record: Data): Batch {
    if (this.open.isFull) this.seal();
    this.open.add(record);
    this.plan();
    return this.open;
  }

  /** All messages up to this one were handled, and what came of them was asked for before: said with the next commit. */
  mark(position: number): void {
    this.open.upTo = position;
  }

  /** A commit of its own, after all that was asked for before. */
  put(extra: Extra): Batch {
    this.seal();
    const batch = new Batch(extra);
    this.queue.push(batch);
    this.plan();
    return batch;
  }

  /** Fulfilled when all that was asked for until now is durable. */
  get settled(): Promise<void> {
    const batch = this.open.records.length > 0 ? this.open : (this.queue.at(-1) ?? this.last);
    return batch ? batch.written : this.settledOrClosed();
  }

  private async settledOrClosed(): Promise<void> {
    if (this.closedBy) throw this.closedBy.error;
  }

  /** Writes nothing more: what waits is told. */
  close(error: unknown): void {
    if (this.closedBy) return;
    this.closedBy = { error };
    for (const batch of [this.last, ...this.queue.splice(0), this.open]) if (batch && !batch.isWritten) batch.fail(error);
  }

  /** Resolves when no commit is under way. */
  async idle(): Promise<void> {
    if (this.pumping) await new Promise<void>((resolve) => this.idlers.push(resolve));
  }

  /** After a regression: everything that was asked for is replaced by these commits, which hold it all, under a new incarnation. */
  async renew(incarnation: number, found: Head | undefined, commits: readonly Extra[]): Promise<void> {
    const replaced = [this.last, ...this.queue.splice(0), this.open].filter((batch): batch is Batch => batch?.isWritten === false);
    this.open = new Batch();
    this.last = undefined;
    this.incarnation = incarnation;
    this.entries = 0;
    this.head = found ?? { ...this.head, version: 0, length: 0 };
    this.resting = false;
    this.queue.push(...commits.map((extra) => new Batch(extra)));
    this.plan();
    await this.settled;
    for (const batch of replaced) {
      batch.index ??= this.head.length - 1;
      batch.settle();
    }
  }

  private seal(): void {
    if (this.open.records.length === 0) return;
    this.queue.push(this.open);
    this.open = new Batch();
  }

  private plan(): void {
    if (this.pumping || this.resting || this.closedBy) return;
    this.pumping = true;
    // Whoever is to ask for something in this turn joins the first commit.
    this.environment.clock.nextTurn(() => void this.pump());
  }

  private async pump(): Promise<void> {
    for (;;) {
      if (this.queue.length === 0) this.seal();
      if (this.resting || this.closedBy) break;
      const batch = this.queue.shift();
      if (!batch) break;
      this.last = batch;
      await this.write(batch);
    }
    this.pumping = false;
    for (const idle of this.idlers.splice(0)) idle();
  }

  private async write(batch: Batch): Promise<void> {
    const change = this.change(batch);
    for (let pauseMs = FIRST_PAUSE_MS; !this.closedBy; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      try {
        const { head, applied } = await this.store.commit(change);
        if (this.closedBy) return;
        if (!applied && head.owner !== this.owner) throw new LogFencedError(this.process, 'another one has opened it');
        batch.index = head.length - change.entries.length;
        this.head = head;
        this.lastKey = change.entries.at(-1)?.key;
        batch.settle();
        return;
      } catch (error) {
        const known = await this.judged(error);
        if (!(known instanceof StoreUnavailableError)) return this.end(known);
        this.events.onUnavailable(known);
        await sleep(this.environment.clock, pauseMs);
      }
    }
  }

  private change(batch: Batch): Change {
    const { head } = this;
    if (batch.upTo !== undefined) batch.add(this.events.upTo(batch.upTo));
    const own = batch.groups().map((group) => ({ type: 'records', data: pack(group) }));
    const extra = batch.extra?.(head.length) ?? { entries: [] };
    const entries: NewEntry[] = [...own, ...extra.entries].map((entry) => ({ ...entry, key: `${this.incarnation}.${++this.entries}` }));
    const trim = extra.trimTo === undefined ? {} : { trimTo: extra.trimTo };
    const patch = { owner: this.owner, meta: this.events.meta(), ...extra.head };
    if (head.version === 0) {
      return { id: head.id, expect: 'absent', create: { kind: head.kind, name: head.name }, entries, head: patch, ...trim };
    }
    return { id: head.id, expect: { version: head.version, stamp: head.stamp }, entries, head: patch, ...trim };
  }

  /** What a refused commit means; unavailable: try again. */
  private async judged(error: unknown): Promise<unknown> {
    if (!(error instanceof ConflictError)) return error;
    try {
      const seen = this.head;
      const found = await this.store.load(seen.id, { from: Math.max(seen.length - 1, 0), limit: 1 });
      const [there] = found?.entries ?? [];
      const isOther = this.lastKey !== undefined && there?.index === seen.length - 1 && there.key !== this.lastKey;
      if (!found || found.head.length < seen.length || found.head.version < seen.version || isOther) {
        return new StoreRegressionError(seen.id, seen.version, found?.head.version ?? 0);
      }
      return new LogFencedError(this.process, 'its stream was written to by another one');
    } catch (unavailable) {
      return unavailable;
    }
  }

  private end(error: unknown): void {
    if (error instanceof StoreRegressionError) {
      this.resting = true;
      this.events.onRegressed(error);
      return;
    }
    this.close(error);
    this.events.onClosed(error);
  }
}
