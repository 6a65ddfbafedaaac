import { StoreError, StoreUnavailableError } from '@redress/core';
import type { Random } from '@redress/core';
import { isBusy, rollBack } from './driver/driver.js';
import type { Connection } from './driver/driver.js';
import type { Tables } from './tables.js';

/** What is done in one turn shares one transaction; a longer one would block the event loop for too long. */
const MOST_PER_TRANSACTION = 1_000;
const FIRST_DELAY_MS = 2;
const LONGEST_DELAY_MS = 40;

interface Task {
  /** Judges before it writes: what it throws as a `StoreError` has written nothing. */
  readonly work: () => unknown;
  readonly answer: (result: unknown) => void;
  readonly refuse: (error: unknown) => void;
  readonly deadline: number;
  /** What is to be answered once the transaction is on disk. */
  result: unknown;
  refused: boolean;
  /** Its transaction gave an error, which may be another's: it gets one of its own. */
  alone: boolean;
}

export interface TurnsOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly random: Random;
  /** Called before each transaction. @throws StoreError when nothing shall be written any more. */
  readonly check: () => void;
  /** Called first in each transaction. */
  readonly begin: () => void;
  /** Called last in it. */
  readonly end: () => void;
}

/**
 * Group commit: everything that is asked for in one turn of the event loop is done in one transaction, with one wait for
 * the disk, and answered after it. While another process holds the lock, the event loop goes on and the group grows.
 */
export class Turns {
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #options: TurnsOptions;
  #tasks: Task[] = [];
  #planned = false;
  #delayMs = FIRST_DELAY_MS;
  #idle: (() => void)[] = [];

  constructor(connection: Connection, tables: Tables, options: TurnsOptions) {
    this.#connection = connection;
    this.#tables = tables;
    this.#options = options;
  }

  /** @throws StoreUnavailableError when the file stays locked, or when it is not known whether the work was applied. */
  do<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = performance.now() + this.#options.busyTimeoutMs;
      const answer = resolve as (result: unknown) => void;
      this.#tasks.push({ work, answer, refuse: reject, deadline, result: undefined, refused: false, alone: false });
      this.#plan();
    });
  }

  /** The outcome of reading, which is tried again while the file is locked for a recovery. */
  async read<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + this.#options.busyTimeoutMs;
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (error instanceof StoreError) throw error;
        if (!isBusy(error)) throw this.#unavailable('could not be read', error);
        if (performance.now() > deadline) throw this.#locked(error);
      }
      await new Promise((resolve) => setTimeout(resolve, this.#jitter(FIRST_DELAY_MS * 4)));
    }
  }

  /** Resolves when nothing is waiting. */
  async idle(): Promise<void> {
    if (this.#planned) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #plan(delayMs?: number): void {
    if (this.#planned) return;
    this.#planned = true;
    if (delayMs === undefined) setImmediate(() => this.#run());
    else setTimeout(() => this.#run(), delayMs);
  }

  #run(): void {
    const group = this.#tasks.splice(0, this.#tasks[0]?.alone ? 1 : MOST_PER_TRANSACTION);
    this.#planned = false;
    let delayMs: number | undefined;
    try {
      this.#transaction(group);
      for (const { refused, refuse, answer, result } of group) (refused ? refuse : answer)(result);
      this.#delayMs = FIRST_DELAY_MS;
    } catch (error) {
      if (isBusy(error)) delayMs = this.#again(group, error);
      else this.#failed(group, error);
    }
    if (this.#tasks.length > 0) this.#plan(delayMs);
    else for (const idle of this.#idle.splice(0)) idle();
  }

  /** One transaction. @throws what made it fail as a whole; nothing of it was answered then. */
  #transaction(group: readonly Task[]): void {
    const { check, begin, end } = this.#options;
    check();
    this.#tables.run('BEGIN IMMEDIATE');
    let isWritten = false;
    try {
      begin();
      for (const task of group) judge(task);
      end();
      isWritten = true;
      this.#tables.run('COMMIT');
    } catch (error) {
      rollBack(this.#connection);
      // Nothing of it is there, and who is to blame is seen when each is done by itself.
      if (!isWritten && group.length > 1 && !isBusy(error)) throw new Blame(error);
      throw error;
    }
  }

  #failed(group: readonly Task[], error: unknown): void {
    if (error instanceof Blame) {
      for (const task of group) task.alone = true;
      this.#tasks.unshift(...group);
      return;
    }
    const told = error instanceof StoreError ? error : this.#unavailable('gave an error, so it is not known what was written', error);
    for (const { refuse } of group) refuse(told);
  }

  /** Puts a group back that found the lock taken, but for those who have waited long enough. */
  #again(group: readonly Task[], error: unknown): number {
    const now = performance.now();
    for (const { refuse } of group.filter((task) => task.deadline <= now)) refuse(this.#locked(error));
    this.#tasks = [...group.filter((task) => task.deadline > now), ...this.#tasks];
    this.#delayMs = Math.min(this.#delayMs * 2, LONGEST_DELAY_MS);
    return this.#jitter(this.#delayMs);
  }

  #jitter(ms: number): number {
    return ms * (0.5 + this.#options.random.next() / 2);
  }

  #locked(cause: unknown): StoreUnavailableError {
    const { file, busyTimeoutMs } = this.#options;
    return new StoreUnavailableError(`${file} stayed locked for ${busyTimeoutMs} ms, and nothing was written; try again.`, cause);
  }

  #unavailable(what: string, cause: unknown): StoreUnavailableError {
    return new StoreUnavailableError(`${this.#options.file} ${what}: ${String(cause)}.`, cause);
  }
}

/** An error in the middle of a transaction of several tasks, of which nothing was written. */
class Blame extends Error {
  constructor(cause: unknown) {
    super('One of several tasks gave an error.', { cause });
  }
}

/** Does one task, and keeps what to answer once the transaction is on disk. */
function judge(task: Task): void {
  try {
    task.result = task.work();
    task.refused = false;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    task.result = error;
    task.refused = true;
  }
}
