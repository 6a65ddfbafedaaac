import { StoreRegressionError } from '../../base/errors.js';
import type { Data } from '../../base/store.js';
import { Alive } from '../alive.js';
import { Waiters } from '../waiters.js';
import type { ContextHost } from './context.js';
import type { Deduplicator } from './dedupe.js';
import { LogClosedError, MessageLogError, TooManyUnconfirmedError } from './errors.js';
import { Fifo } from './fifo.js';
import { Handling } from './handling.js';
import type { HandlingHost } from './handling.js';
import { headOf, Keeper } from './keeper.js';
import type { Place } from './checkpoint.js';
import { writeMeta } from './meta.js';
import type { Opened } from './opened.js';
import type { Settings } from './options.js';
import type { Outbox } from './outbox.js';
import { Pen } from './pen.js';
import type { PenEvents } from './pen.js';
import { DEAD_LETTERS, Pending } from './pending.js';
import { encode } from './records.js';
import type { Determinant } from './records.js';
import type { IncomingMessage, MessageLog, Receipt, SinkReport } from './types.js';

/** Confirmations wait so long for a commit that takes them along. */
const CONFIRM_MS = 200;

export class ProcessLog implements MessageLog {
  readonly process: string;
  readonly ended: Promise<unknown>;
  private readonly pending = new Fifo<Pending>();
  private readonly alive: Alive;
  private readonly outbox: Outbox;
  private readonly seen: Deduplicator;
  private readonly pen: Pen;
  private readonly handling: Handling;
  private readonly keeper: Keeper;
  private logged: number;
  private checkpointed: number;
  private wantsCheckpoint = false;
  private closing = false;
  private closedBy: { readonly error: unknown } | undefined;
  private regression: StoreRegressionError | undefined;
  private mending = false;
  /** A handler waits for its records. */
  private securing = false;
  private confirming = false;
  private readonly waiters = new Waiters();
  private end!: (reason: unknown) => void;

  constructor(
    private readonly settings: Settings,
    private readonly opened: Opened,
  ) {
    const { store, state, environment, keep } = settings;
    const { outbox, seen, meta } = opened;
    this.process = state.id;
    this.alive = new Alive(environment.clock);
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.outbox = outbox;
    this.seen = seen;
    this.logged = opened.logged;
    const { pending } = this;
    const onPlaced = ({ position }: Place): void => this.publish('log.checkpoint', undefined, { position });
    this.keeper = new Keeper({ codec: environment.codec, state, seen, outbox, pending, keep, onPlaced }, meta.places);
    this.checkpointed = meta.places.at(-1)?.position ?? 0;
    this.pen = new Pen(store, environment, this.process, meta.incarnation, opened.owner, opened.head, this.penEvents());
    this.handling = new Handling(this.handlingHost(), settings, opened.position);
    outbox.onConfirmed = () => this.confirmed();
    for (const found of opened.found) pending.push(Pending.found(found));
  }

  get incarnation(): number {
    return this.pen.incarnation;
  }

  get position(): number {
    return this.handling.handled;
  }

  get unconfirmed(): number {
    return this.outbox.unconfirmed;
  }

  report(): readonly SinkReport[] {
    return this.outbox.report();
  }

  /** Lets what was found go on. */
  async begin(): Promise<this> {
    this.outbox.release(this.outbox.mark());
    const first = this.pending.peek();
    if (!first) return this;
    if (first.crashes > 0) this.handling.carefulTo = this.logged;
    await this.pen.append(encode(this.settings.environment.codec, ['again', first.position])).written;
    this.handling.start();
    return this;
  }

  async accept(message: IncomingMessage): Promise<Receipt> {
    const { from = '', sequence = 0, type = '', body } = message;
    if (sequence !== 0 && (!Number.isSafeInteger(sequence) || sequence < 1))
      throw new RangeError(`sequence counts from 1; got ${sequence}.`);
    this.checkOpen();
    if (this.outbox.unconfirmed >= this.settings.maxUnconfirmed)
      throw new TooManyUnconfirmedError(this.process, this.settings.maxUnconfirmed);
    while (this.pending.length >= this.settings.maxPending) await this.waiters.changed();
    this.checkOpen();
    if (this.seen.knows(this.process, from, sequence)) {
      // Its first record may be under way still.
      await this.pen.settled;
      return { position: 0, duplicate: true, done: Promise.resolve(undefined) };
    }
    const position = this.logged + 1;
    const data = encode(this.settings.environment.codec, ['in', position, from, sequence, type, body]);
    this.logged = position;
    if (sequence > 0) this.seen.add(from, sequence);
    const batch = this.pen.append(data);
    const pending = new Pending(position, data, batch);
    this.pending.push(pending);
    this.handling.start();
    await batch.written;
    return { position, duplicate: false, done: pending.done };
  }

  async checkpoint(): Promise<number> {
    this.checkOpen();
    this.wantsCheckpoint = true;
    this.handling.start();
    while (this.wantsCheckpoint && !this.closedBy) await this.waiters.changed();
    if (this.wantsCheckpoint) this.checkGoing();
    const position = this.checkpointed;
    await this.pen.settled;
    return position;
  }

  async drained(): Promise<void> {
    while (this.handling.working && !this.closedBy) await this.waiters.changed();
    await this.pen.settled;
    await this.alive.while(this.outbox.drained());
    if (this.closedBy) throw this.closedBy.error;
  }

  async close(): Promise<void> {
    if (this.closing) return void (await this.ended);
    this.closing = true;
    while (this.handling.working && !this.closedBy) await this.waiters.changed();
    if (!this.closedBy) {
      this.pen.append(this.upTo(this.handling.handled));
      await this.pen.settled.catch(() => {});
    }
    this.stop(new LogClosedError(this.process), undefined);
    await this.pen.idle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private penEvents(): PenEvents {
    return {
      upTo: (position) => this.upTo(position),
      meta: () => writeMeta({ incarnation: this.pen.incarnation, places: this.keeper.places, confirmed: this.outbox.confirmed() }),
      onUnavailable: (error) => this.publish('log.unavailable', error, {}),
      onClosed: (error) => this.stop(error, error),
      onRegressed: (error) => this.regressed(error),
    };
  }

  private handlingHost(): HandlingHost {
    const { pen, outbox, pending } = this;
    return {
      context: this.contextHost(),
      pen,
      outbox,
      pending,
      isOver: () => this.closing || this.closedBy !== undefined,
      isClosed: () => this.closedBy !== undefined,
      between: () => this.between(),
      changed: () => this.waiters.tell(),
      rebuild: (position) => this.opened.rebuild(this.keeper.places, this.pen.head.length, position),
      room: async () => {
        const isFull = (): boolean => outbox.unconfirmed > this.settings.maxUnconfirmed / 2;
        while (isFull() && !this.closedBy && !this.regression) await this.waiters.changed();
      },
      durable: (work) => this.durable(work),
      fail: (error) => this.stop(error, error),
      publish: (name, error, details) => this.publish(name, error, details),
    };
  }

  private contextHost(): ContextHost {
    const { environment, maxUnconfirmed: cap } = this.settings;
    return {
      process: this.process,
      environment,
      cap,
      has: (sink) => sink !== DEAD_LETTERS && this.outbox.has(sink),
      room: () => cap - this.outbox.unconfirmed,
      secure: (position, taken) => this.secure(position, taken),
    };
  }

  private async secure(position: number, taken: readonly Determinant[]): Promise<void> {
    const message = this.pending.peek() as Pending;
    const batch = taken.length > 0 ? this.handling.write(['some', position, taken]) : this.handling.groundOf(message);
    // It is in the log: should the handler throw, its next attempt goes along it.
    message.taken = [...message.taken, ...taken];
    this.checkGoing();
    await this.durable(batch.written);
    this.checkGoing();
  }

  private async durable(work: Promise<void>): Promise<void> {
    if (this.regression) this.stop(this.regression, this.regression);
    this.securing = true;
    await work.finally(() => (this.securing = false));
  }

  /** Between two messages: nothing to wait for is undefined. */
  private between(): Promise<void> | undefined {
    if (this.closedBy) return undefined;
    if (this.regression) return this.mend(this.regression);
    const { handled } = this.handling;
    if (!this.wantsCheckpoint && handled - this.checkpointed < this.settings.checkpointEvery) return undefined;
    if (handled > this.checkpointed || this.keeper.places.length === 0) {
      for (const commit of this.keeper.checkpoint(handled)) this.handling.rests = this.pen.put(commit);
      this.checkpointed = handled;
    }
    this.wantsCheckpoint = false;
    this.waiters.tell();
    return undefined;
  }

  private regressed(error: StoreRegressionError): void {
    this.regression = error;
    this.outbox.pause();
    this.publish('log.regressed', error, {});
    this.waiters.tell();
    // A handler that waits for its records is between two states, and neither of them is durable anywhere.
    if (this.settings.onRegression === 'stop' || this.securing || this.mending) return this.stop(error, error);
    this.handling.start();
  }

  /** The store has lost a part of the log: all that is in memory is written anew, under a new incarnation. */
  private async mend(error: StoreRegressionError): Promise<void> {
    this.mending = true;
    const { store } = this.settings;
    const found = await headOf(store, this.pen.head.id, this.settings.environment.clock);
    if (found && found.owner !== this.opened.owner) throw error;
    const { handled } = this.handling;
    const commits = this.keeper.everything(handled);
    await this.pen.renew(this.pen.incarnation + 1, found, commits);
    this.checkpointed = handled;
    this.regression = undefined;
    this.mending = false;
    this.publish('log.mended', error, { position: handled });
    this.outbox.resume();
  }

  private upTo(position: number): Data {
    return encode(this.settings.environment.codec, ['upto', position]);
  }

  private confirmed(): void {
    this.waiters.tell();
    if (this.confirming || this.closedBy) return;
    this.confirming = true;
    const write = (): void => {
      this.confirming = false;
      if (!this.closedBy && !this.regression) this.pen.append(this.upTo(this.handling.handled));
    };
    this.settings.environment.clock.setTimer(CONFIRM_MS, write, { background: true });
  }

  private checkGoing(): void {
    if (this.closedBy) throw this.closedBy.error;
  }

  private checkOpen(): void {
    this.checkGoing();
    if (this.closing) throw new LogClosedError(this.process);
  }

  /** `reason`: of an end that nobody has asked for. */
  private stop(error: unknown, reason: unknown): void {
    if (this.closedBy) return;
    this.closedBy = { error };
    this.pen.close(error);
    this.outbox.stop();
    for (const { reject } of this.pending.drain()) reject(error);
    if (reason !== undefined) this.publish(reason instanceof MessageLogError ? 'log.fenced' : 'log.lost', reason, {});
    this.end(reason);
    this.waiters.tell();
  }

  private publish(name: string, error: unknown, details: Readonly<Record<string, unknown>>): void {
    const { events, clock } = this.settings.environment;
    if (events.listening) events.publish({ name, at: clock.now(), id: this.process, details, ...(error !== undefined && { error }) });
  }
}
