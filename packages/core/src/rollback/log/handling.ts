import type { Environment } from '../../base/environment.js';
import { messageOf } from '../../base/errors.js';
import { Batch } from './batch.js';
import { Context } from './context.js';
import type { ContextHost } from './context.js';
import type { Fifo } from './fifo.js';
import type { Settings } from './options.js';
import type { Made, Outbox } from './outbox.js';
import { deadLetter, isThenable, logged } from './pending.js';
import type { Pending } from './pending.js';
import type { Pen } from './pen.js';
import { encode } from './records.js';
import type { Determinant, LogRecord } from './records.js';

/** So many messages are handled before others of this process get their turn. */
const PER_TURN = 128;

export interface HandlingHost {
  readonly context: ContextHost;
  readonly pen: Pen;
  readonly outbox: Outbox;
  readonly pending: Fifo<Pending>;
  /** Whether no further message may be begun. */
  isOver(): boolean;
  isClosed(): boolean;
  /** Called between two messages. */
  between(): Promise<void> | undefined;
  /** Something has changed: a message is behind, or all are. */
  changed(): void;
  /** Puts the state back to what it was after this message. */
  rebuild(position: number): Promise<void>;
  room(): Promise<void>;
  /** Waits for what is being written in the middle of a message: a store that went back meanwhile ends the process. */
  durable(work: Promise<void>): Promise<void>;
  fail(error: unknown): void;
  publish(name: string, error: unknown, details: Readonly<Record<string, unknown>>): void;
}

/** Hands one message after another to the handler, in the order of the log. */
export class Handling {
  working = false;
  /** The last batch with something that a later message may rest on. */
  rests: Batch | undefined;
  /** Messages up to this one are handled one by one: one of them may be what ended the process. */
  carefulTo = 0;
  private readonly environment: Environment;

  constructor(
    private readonly host: HandlingHost,
    private readonly settings: Settings,
    public handled: number,
  ) {
    this.environment = settings.environment;
  }

  start(): void {
    if (this.working || this.host.isClosed()) return;
    this.working = true;
    queueMicrotask(() => void this.loop().catch((error: unknown) => this.host.fail(error)));
  }

  write(record: LogRecord): Batch {
    return (this.rests = this.host.pen.append(encode(this.environment.codec, record)));
  }

  /** The batch with which all is durable that the message at hand rests on. */
  groundOf(message: Pending): Batch {
    return Batch.later(message.batch, this.rests);
  }

  private async loop(): Promise<void> {
    try {
      for (let turn = 1; ; turn += 1) {
        const pause = this.host.between();
        if (pause) await pause;
        const message = this.host.pending.peek();
        if (!message || this.host.isOver()) return;
        const busy = this.handle(message);
        if (busy) await busy;
        if (turn % PER_TURN === 0) await new Promise<void>((resolve) => this.environment.clock.nextTurn(resolve));
      }
    } finally {
      this.working = false;
      this.host.changed();
    }
  }

  /** One message, until it is done, parked, or to be tried again. Nothing to wait for: undefined. */
  private handle(message: Pending): Promise<void> | undefined {
    if (message.crashes >= this.settings.crashes) {
      return this.park(message, new Error(`the process did not survive it ${message.crashes} times`));
    }
    const context = new Context(this.host.context, message.position, message.taken, false);
    let result: unknown;
    try {
      result = this.settings.handle(logged(this.environment, message.data), context);
      if (!isThenable(result)) return this.finish(message, context, result);
    } catch (error) {
      return this.failed(message, context, error);
    }
    return this.waitFor(message, context, result);
  }

  private async waitFor(message: Pending, context: Context, result: PromiseLike<unknown>): Promise<void> {
    try {
      await this.finish(message, context, await result);
    } catch (error) {
      await this.failed(message, context, error);
    }
  }

  /** @throws when the handler has not come to an end that can be logged; nothing is changed then. */
  private finish(message: Pending, context: Context, value: unknown): Promise<void> | undefined {
    if (context.overflow) throw context.overflow;
    const taken = context.end();
    if (this.host.isClosed()) return undefined;
    if (taken.length > 0 || message.taken.length > 0) this.write(['done', message.position, taken]);
    this.send(context.made);
    const ground = this.groundOf(message);
    if (ground.isWritten) message.resolve(value);
    else ground.written.then(() => message.resolve(value), message.reject);
    return this.step(message);
  }

  /** The message is behind: on to the next one. */
  private step({ position }: Pending): Promise<void> | undefined {
    this.host.pending.shift();
    this.handled = position;
    this.host.pen.mark(position);
    this.host.changed();
    if (position > this.carefulTo) return undefined;
    const { written } = this.host.pen.append(encode(this.environment.codec, ['upto', position]));
    return this.host.durable(written).catch(() => {});
  }

  private async failed(message: Pending, context: Context, error: unknown): Promise<void> {
    const { taken, diverged } = context.abandon();
    if (this.host.isClosed()) return;
    if (diverged) return this.host.fail(diverged);
    const all = [...message.taken, ...taken];
    if (taken.length > 0) this.write(['some', message.position, taken]);
    const isFull = context.overflow !== undefined && this.host.outbox.unconfirmed > 0;
    message.taken = isFull ? all : upToFirstError(all);
    if (!isFull) {
      message.failures += 1;
      this.write(['failed', message.position, message.failures, message.taken.length]);
      this.host.publish('log.handler.failed', error, { position: message.position, attempt: message.failures });
    }
    if (!this.settings.atomic) await this.rebuild(message.position - 1);
    if (isFull) return this.host.room();
    if (message.failures >= this.settings.attempts && !this.host.isClosed()) return this.park(message, error);
  }

  private async rebuild(position: number): Promise<void> {
    try {
      await this.host.durable(this.host.pen.settled);
      await this.host.rebuild(position);
    } catch (error) {
      this.host.fail(error);
    }
  }

  private async park(message: Pending, error: unknown): Promise<void> {
    const { position, data } = message;
    const why = messageOf(error);
    this.write(['parked', position, why]);
    this.send([deadLetter(this.environment, this.host.context.process, position, data, why)]);
    this.host.publish('log.parked', error, { position });
    message.reject(error);
    await this.step(message);
  }

  private send(made: readonly Made[]): void {
    if (made.length === 0) return;
    const { outbox } = this.host;
    outbox.hold(made);
    const mark = outbox.mark();
    this.rests?.written.then(
      () => outbox.release(mark),
      () => {},
    );
  }
}

/** What an effect has refused is asked for again; what stands before it was so. */
function upToFirstError(all: readonly Determinant[]): readonly Determinant[] {
  const first = all.findIndex((one) => one[0] === 'effect' && !one[2]);
  return first < 0 ? all : all.slice(0, first);
}
