import { StoreUnavailableError } from '@redress/core';
import { Command } from 'ioredis';
import type { Cluster, Redis } from 'ioredis';
import { unavailable } from './refusal.js';
import type { Script } from './lua.js';
import type { Packed } from './text.js';

export type Argument = Packed | number;
/** What Redis answers: nothing, a number, bytes, or a list of such. */
export type Reply = null | number | Buffer | readonly Reply[];

type Call = readonly [name: string, ...args: Argument[]];

interface Task {
  readonly call: Call;
  /** The same as a script that the server need not know. */
  readonly whole: Call;
  readonly answer: (reply: Reply) => void;
  readonly refuse: (error: unknown) => void;
}

/** A server that forgets its scripts again and again is given up after so many. */
const MOST_RELOADS = 5;
const ONE_NODE = 0;
const FEW = 8;

/**
 * Sends what is asked for in one turn of the event loop in one go: to one node as one pipeline, to a cluster as one for each
 * partition. Every call is answered within the time limit.
 */
export class Wire {
  readonly isCluster: boolean;
  readonly #client: Redis | Cluster;
  readonly #timeoutMs: number;
  #tasks = new Map<number, Task[]>();
  #isPlanned = false;
  /** Called before what was asked for in a turn is sent: it may ask for more. */
  beforeSend: () => void = () => {};

  constructor(client: Redis | Cluster, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.isCluster = client.isCluster;
  }

  /** Runs a script on the keys of a partition. @throws StoreUnavailableError when Redis refuses or does not answer in time. */
  run(script: Script, partition: number, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const rest = [keys.length, ...keys, ...args];
    return this.#ask(partition, ['evalsha', script.digest, ...rest], ['eval', script.source, ...rest]);
  }

  /** Calls a command whose first argument is a key of the partition. @throws StoreUnavailableError as `run` does. */
  call(partition: number, name: string, key: string, ...args: readonly Argument[]): Promise<Reply> {
    const call: Call = [name, key, ...args];
    return this.#ask(partition, call, call);
  }

  #ask(partition: number, call: Call, whole: Call): Promise<Reply> {
    return new Promise<Reply>((answer, refuse) => {
      this.plan();
      const route = this.routeOf(partition);
      const tasks = this.#tasks.get(route) ?? [];
      tasks.push({ call, whole, answer, refuse });
      this.#tasks.set(route, tasks);
    });
  }

  /** What has one route goes in one pipeline. */
  routeOf(partition: number): number {
    return this.isCluster ? partition : ONE_NODE;
  }

  /** Sends after the promises of this turn have run, for each of them may ask for something. */
  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.beforeSend();
        this.#isPlanned = false;
        const groups = [...this.#tasks.values()];
        this.#tasks = new Map();
        for (const tasks of groups) {
          // The answer to a pipeline comes when all of it is done; a few long scripts are better answered one by one.
          if (tasks.length > FEW) this.#send(tasks);
          else for (const task of tasks) this.#send([task]);
        }
      }),
    );
  }

  #send(tasks: readonly Task[]): void {
    const limit = setTimeout(() => {
      const sentence = `Redis gave no answer within ${this.#timeoutMs} ms, so it is not known what was written; try again.`;
      for (const { refuse } of tasks) refuse(new StoreUnavailableError(sentence));
    }, this.#timeoutMs);
    void this.#settle(tasks, 0).finally(() => clearTimeout(limit));
  }

  /** In the good case one exchange. A script that the server has lost is sent whole; a slot that has moved is followed. */
  async #settle(tasks: readonly Task[], reloads: number): Promise<void> {
    const again: Task[] = [];
    const moved: Task[] = [];
    const results = await this.#exchange(tasks.map(({ call, whole }) => (reloads > 0 ? whole : call)));
    for (const [i, task] of tasks.entries()) {
      const { error, reply } = results[i] as Result;
      const message = error instanceof Error ? error.message : '';
      if (error === undefined) task.answer(reply);
      else if (message.startsWith('NOSCRIPT') && reloads < MOST_RELOADS) again.push(task);
      else if (this.isCluster && tasks.length > 1 && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN)/.test(message)) moved.push(task);
      else task.refuse(unavailable(error));
    }
    // One at a time, ioredis follows a redirection by itself; a pipeline it repeats only when all of it was redirected.
    for (const task of moved) await this.#settle([task], reloads);
    if (again.length > 0) await this.#settle(again, reloads + 1);
  }

  /** What became of each call. Never rejects. */
  async #exchange(calls: readonly Call[]): Promise<readonly Result[]> {
    try {
      const commands = calls.map(([name, ...args]) => this.#command(name, args));
      const [only, ...others] = commands;
      if (only && others.length === 0) return [{ reply: (await this.#client.sendCommand(only)) as Reply }];
      const pipeline = this.#client.pipeline() as unknown as { sendCommand(command: Command): unknown; exec(): Promise<unknown> };
      for (const command of commands) pipeline.sendCommand(command);
      const results = (await pipeline.exec()) as readonly (readonly [unknown, Reply])[];
      return results.map(([error, reply]) => (error ? { error, reply: null } : { reply }));
    } catch (error) {
      return calls.map(() => ({ error, reply: null }));
    }
  }

  /** Answers are bytes. Made by hand, for `call` fails in ioredis 6.0.0 where a client pipelines by itself. */
  #command(name: string, args: readonly Argument[]): Command {
    const { keyPrefix } = this.#client.options as { readonly keyPrefix?: string };
    return new Command(name, [...args], { replyEncoding: null, ...(keyPrefix === undefined ? {} : { keyPrefix }) });
  }
}

interface Result {
  readonly error?: unknown;
  readonly reply: Reply;
}
