import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';

/** Knows how much may leave an account today, and how much of that is taken. */
export class LimitRegister {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** @throws RefusedError `DAILY_LIMIT`, `UNKNOWN_ACCOUNT` */
  async reserve(account: string, cents: number, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Limits.reserve', () =>
      this.#desk.ask('limits.reserve', key, () => {
        const limit = this.#sql.prepare('SELECT daily FROM accounts WHERE number = ?').get(account) as { daily: number | null } | undefined;
        if (!limit) throw new RefusedError(`There is no account ${account}.`, { code: 'UNKNOWN_ACCOUNT' });
        const taken = this.#sql
          .prepare(`SELECT coalesce(sum(cents), 0) AS cents FROM reserved WHERE account = ? AND state = 'taken'`)
          .get(account) as { cents: number };
        if (taken.cents + cents > (limit.daily ?? 0)) {
          throw new RefusedError(`Account ${account} may not send ${cents} cents more today.`, { code: 'DAILY_LIMIT' });
        }
        this.#sql.prepare(`INSERT INTO reserved (key, account, cents, state) VALUES (?, ?, ?, 'taken')`).run(key, account, cents);
      }),
    );
  }

  /** Gives it back, or closes the key of a request that has not arrived. */
  async releaseByKey(forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Limits.release', () =>
      this.#desk.cancel('limits.releaseByKey', forwardKey, key, () => {
        this.#sql.prepare(`UPDATE reserved SET state = 'given back' WHERE key = ?`).run(forwardKey);
      }),
    );
  }
}
