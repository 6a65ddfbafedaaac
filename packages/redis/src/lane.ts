import { StoreUnavailableError } from '@redress/core';
import { Command } from 'ioredis';
import type { Redis, RedisOptions } from 'ioredis';
import { unavailable } from './refusal.js';
import { acknowledged, suffices, waitCall } from './wait.js';
import type { Acknowledged, Wait } from './wait.js';
import type { Argument, Reply } from './wire.js';

type Call = readonly [name: string, ...args: Argument[]];

/** A script that writes, and who waits for it. */
export interface Task {
  readonly call: Call;
  /** The same as a script that the server need not know. */
  readonly whole: Call;
  /** A key in its slot, which every pipeline writes to. */
  readonly record: string;
  readonly answer: (reply: Reply) => void;
  readonly refuse: (error: unknown) => void;
  /** The slot is elsewhere, and nothing was written. */
  readonly moved: (error: Error) => void;
}

interface Result {
  readonly error: Error | null;
  readonly reply: Reply;
}

/** Of a connection that waits: nothing is sent a second time by itself, least of all on another connection. */
const ONE_LIFE = {
  lazyConnect: false,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  reconnectOnError: null,
  enableAutoPipelining: false,
  enableOfflineQueue: true,
  // Limits that an application has set for its own commands would cut the wait short.
  commandTimeout: undefined,
  socketTimeout: undefined,
} as const;

export interface LaneOptions {
  readonly wait: Wait;
  /** For one exchange. */
  readonly timeoutMs: number;
  readonly keyPrefix: string | undefined;
}

/**
 * One connection to one master for what must be acknowledged by others before it is answered. `WAIT` speaks of what its own
 * connection has written, so scripts and `WAIT` go in one pipeline, and a connection that fails is never used again. While the
 * server waits, what is asked for gathers and goes in the next pipeline.
 */
export class Lane {
  readonly #connection: Redis;
  readonly #wait: Wait;
  readonly #timeoutMs: number;
  readonly #prefix: { readonly keyPrefix?: string };
  readonly #onEnd: () => void;
  #tasks: Task[] = [];
  /** Scripts that this server does not know. */
  #unknown = new Set<Task>();
  #sending = false;
  #ended: unknown;

  /** `beside`: a connection in whose likeness this one is made. `onEnd` is called once, when it can do no more. */
  constructor(beside: Redis, { wait, timeoutMs, keyPrefix }: LaneOptions, onEnd: () => void) {
    this.#connection = beside.duplicate(ONE_LIFE as RedisOptions);
    this.#prefix = keyPrefix === undefined ? {} : { keyPrefix };
    this.#wait = wait;
    this.#timeoutMs = timeoutMs;
    this.#onEnd = onEnd;
    this.#connection.on('error', (error) => this.end(error));
    this.#connection.once('close', () => this.end(new Error('the connection was closed')));
  }

  add(task: Task): void {
    if (this.#ended !== undefined) return task.refuse(unavailable(this.#ended));
    this.#tasks.push(task);
    if (this.#sending) return;
    this.#sending = true;
    // After the promises of this turn have run, for each of them may ask for something.
    queueMicrotask(() => process.nextTick(() => void this.#sendAll()));
  }

  /** Who acknowledges a write to the key. @throws what the server says, or the connection. */
  async trial(record: string): Promise<Acknowledged> {
    const [touched, waited] = (await this.#exchange([], record)) as [Result, Result];
    const error = touched.error ?? waited.error;
    if (error) throw error;
    return acknowledged(this.#wait, waited.reply);
  }

  /** It takes nothing more, and what it was asked is refused. */
  end(error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const { refuse } of this.#tasks.splice(0)) refuse(unavailable(error));
    this.#connection.disconnect();
    this.#onEnd();
  }

  async #sendAll(): Promise<void> {
    while (this.#tasks.length > 0) await this.#send(this.#tasks.splice(0));
    this.#sending = false;
  }

  async #send(tasks: readonly Task[]): Promise<void> {
    const results = await this.#exchange(
      tasks.map((task) => (this.#unknown.delete(task) ? task.whole : task.call)),
      (tasks[0] as Task).record,
    );
    const [touched, waited] = results.slice(-2) as [Result, Result];
    const lost = touched.error ?? waited.error;
    const doubt = lost ? unavailable(lost) : this.#doubt(waited.reply);
    for (const [i, task] of tasks.entries()) {
      const { error, reply } = results[i] as Result;
      if (error?.message.startsWith('NOSCRIPT')) this.#again(task);
      else if (error && /^(MOVED|ASK)\b/.test(error.message)) task.moved(error);
      else if (error) task.refuse(unavailable(error));
      else if (doubt && isThere(reply)) task.refuse(doubt);
      else task.answer(reply);
    }
    // A server that answers so may have ceased to be a master: a new connection asks anew where that is.
    if (lost) this.end(lost);
  }

  #again(task: Task): void {
    this.#unknown.add(task);
    this.#tasks.push(task);
  }

  #doubt(reply: Reply): StoreUnavailableError | undefined {
    const given = acknowledged(this.#wait, reply);
    if (suffices(this.#wait, given)) return undefined;
    const { replicas, onDisk, timeoutMs } = this.#wait;
    const disk = onDisk ? ` and its disk ${given.disk ? 'as well' : 'did not'}` : '';
    const found = `Redis has the write, but within ${timeoutMs} ms ${given.replicas} of ${replicas} replicas acknowledged it${disk}`;
    return new StoreUnavailableError(`${found}: it is not known whether it survives. Look at the replicas; it is tried again.`);
  }

  /**
   * Calls, a write, and the wait. The write is there because a commit that is repeated on a new connection writes nothing:
   * with nothing written there is nothing to wait for, and the server would answer at once. Never rejects.
   */
  async #exchange(calls: readonly Call[], record: string): Promise<readonly Result[]> {
    const pipeline = this.#connection.pipeline() as unknown as { sendCommand(command: Command): unknown; exec(): Promise<unknown> };
    const all: readonly Call[] = [...calls, ['hset', record, 'waited', ''], waitCall(this.#wait)];
    for (const [name, ...args] of all) {
      pipeline.sendCommand(new Command(name, [...args], { replyEncoding: null, ...this.#prefix }));
    }
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const sentence = `Redis gave no answer within ${this.#timeoutMs} ms, so it is not known what was written; try again.`;
      limit = setTimeout(() => reject(new StoreUnavailableError(sentence)), this.#timeoutMs);
    });
    try {
      const results = (await Promise.race([pipeline.exec(), late])) as readonly (readonly [Error | null, Reply])[];
      return results.map(([error, reply]) => ({ error, reply }));
    } catch (error) {
      return all.map(() => ({ error: error as Error, reply: null }));
    } finally {
      clearTimeout(limit);
    }
  }
}

/** Whether the script of some commits says that one of their changes is there, now or from before. */
function isThere(reply: Reply): boolean {
  const [, words, ...refusals] = reply as readonly Reply[];
  return (words as Buffer).includes('+') || refusals.some((refusal) => ((refusal as readonly Buffer[])[0] ?? '').includes('1'));
}
