import { RefusedError } from '@redress/core';
import type { Sql } from './sql.js';

/** What every request carries: asked again with it, a remote system answers again and does nothing. */
export interface Idempotent {
  readonly idempotencyKey: string;
}

type Answer = { readonly ok: unknown } | { readonly refused: { readonly code: string; readonly message: string } };

const CLOSED: Answer = { refused: { code: 'KEY_CLOSED', message: 'This request was cancelled; its key is closed for good.' } };

/**
 * `requests` is what every good remote system keeps: the answer under the caller's key. `effects` is a diary that is
 * only appended to; the invariants compare it with what the other tables say.
 */
export const DESK_TABLES = `
  CREATE TABLE IF NOT EXISTS requests  (key TEXT PRIMARY KEY, call TEXT NOT NULL, answer TEXT NOT NULL, asked INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS effects   (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, call TEXT NOT NULL) STRICT;
`;

/** What the desks would answer to an auditor. */
export interface DeskFacts {
  /** The diary: how often a request had an effect. */
  readonly effects: readonly { readonly key: string; readonly call: string; readonly times: number }[];
  /** Requests that came again with a key that was answered before. */
  readonly askedAgain: number;
}

export function readDesks(sql: Sql): DeskFacts {
  const [row] = sql.prepare('SELECT coalesce(sum(max(asked - 1, 0)), 0) AS n FROM requests').all() as { n: number }[];
  return {
    effects: sql.prepare('SELECT key, call, count(*) AS times FROM effects GROUP BY key, call').all() as DeskFacts['effects'],
    askedAgain: row?.n ?? 0,
  };
}

/** No effect happened twice under one key. */
export function twice({ effects }: DeskFacts): string[] {
  return effects.filter(({ times }) => times > 1).map(({ key, call, times }) => `${call} with key ${key} had its effect ${times} times`);
}

/**
 * The front desk of a remote system: each request carries a key, is worked on once, in one transaction with the record
 * of its answer, and whoever asks again with that key is told the same. A refusal is an answer too.
 */
export class Desk {
  readonly #sql: Sql;
  readonly #shut: boolean;

  /** A desk that is `shut` says no to every new request, and still cancels. */
  constructor(sql: Sql, shut = false) {
    this.#sql = sql;
    this.#shut = shut;
  }

  /** @throws RefusedError when the answer is no, or was no when the key came first. */
  ask<T>(call: string, key: string, work: () => T): T {
    return this.#once(call, key, () => {
      if (this.#shut) throw new RefusedError(`${call} says no to everybody today.`, { code: 'SHUT' });
      const value = work();
      this.#note(call, key);
      return value;
    });
  }

  /**
   * Makes sure that the request of `forwardKey` has no effect and never will have one: `undo` takes it back if it was
   * done, and its key is closed in any case. The caller need not know whether the request ever arrived.
   */
  cancel(call: string, forwardKey: string, key: string, undo: () => void): void {
    this.#once(call, key, () => {
      const before = this.#recorded(forwardKey);
      if (before && 'refused' in before) return null;
      if (before) {
        undo();
        this.#note(call, key);
      }
      this.#sql
        .prepare(
          'INSERT INTO requests (key, call, answer, asked) VALUES (?, ?, ?, 0) ON CONFLICT (key) DO UPDATE SET answer = excluded.answer',
        )
        .run(forwardKey, call, JSON.stringify(CLOSED));
      return null;
    });
  }

  /**
   * What became of a request: its answer, or undefined when it had no effect and never will have one; the key of one
   * that has not arrived is closed.
   */
  settle<T>(call: string, key: string): T | undefined {
    const settle = this.#sql.transaction((): Answer => {
      const before = this.#recorded(key);
      if (!before)
        this.#sql.prepare('INSERT INTO requests (key, call, answer, asked) VALUES (?, ?, ?, 0)').run(key, call, JSON.stringify(CLOSED));
      return before ?? CLOSED;
    });
    const answer = settle.immediate() as Answer;
    return 'ok' in answer ? (answer.ok as T) : undefined;
  }

  #once<T>(call: string, key: string, work: () => T): T {
    const settle = this.#sql.transaction((): Answer => {
      const before = this.#recorded(key);
      const answer = before ?? decide(work);
      this.#sql
        .prepare('INSERT INTO requests (key, call, answer, asked) VALUES (?, ?, ?, 1) ON CONFLICT (key) DO UPDATE SET asked = asked + 1')
        .run(key, call, JSON.stringify(answer));
      return answer;
    });
    const answer = settle.immediate() as Answer;
    if ('refused' in answer) throw new RefusedError(answer.refused.message, { code: answer.refused.code });
    return answer.ok as T;
  }

  #recorded(key: string): Answer | undefined {
    const row = this.#sql.prepare('SELECT answer FROM requests WHERE key = ?').get(key) as { answer: string } | undefined;
    return row && (JSON.parse(row.answer) as Answer);
  }

  /** Writes an effect into the diary. */
  #note(call: string, key: string): void {
    this.#sql.prepare('INSERT INTO effects (key, call) VALUES (?, ?)').run(key, call);
  }
}

/** `work` refuses before it changes anything, so the transaction that records the refusal holds nothing else. */
function decide(work: () => unknown): Answer {
  try {
    return { ok: work() };
  } catch (error) {
    if (error instanceof RefusedError) return { refused: { code: error.code, message: error.message } };
    throw error;
  }
}
