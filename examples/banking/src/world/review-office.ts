import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import type { Transfer } from '../transfer.js';

/** A transfer on the desk of a person. */
export interface Case {
  /** Its number in the office: the key it was asked for with. */
  readonly id: string;
}

export interface OpenCase extends Case {
  readonly transfer: string;
  readonly cents: number;
}

export interface DecidedCase extends OpenCase {
  readonly approved: boolean;
  readonly by: string;
}

/** Where people look at large transfers. */
export class ReviewOffice {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** Puts a transfer on the pile. */
  async request(transfer: Transfer, { idempotencyKey: key }: Idempotent): Promise<Case> {
    return this.#network.call('Reviews.request', () =>
      this.#desk.ask('reviews.request', key, () => {
        this.#sql.prepare(`INSERT INTO cases (key, transfer, cents, state) VALUES (?, ?, ?, 'open')`).run(key, transfer.id, transfer.cents);
        return { id: key };
      }),
    );
  }

  /** Takes it from the pile, if nobody has decided it, or closes the key of a request that has not arrived. */
  async withdrawByKey(forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Reviews.withdraw', () =>
      this.#desk.cancel('reviews.withdrawByKey', forwardKey, key, () => {
        this.#sql.prepare(`UPDATE cases SET state = 'withdrawn' WHERE key = ? AND state = 'open'`).run(forwardKey);
      }),
    );
  }

  /** What lies on the pile. For those who work in the office. */
  open(): readonly OpenCase[] {
    return this.#sql.prepare(`SELECT key AS id, transfer, cents FROM cases WHERE state = 'open' ORDER BY rowid`).all() as OpenCase[];
  }

  /** What was decided, whether or not those who asked have heard of it. */
  decided(): readonly DecidedCase[] {
    const rows = this.#sql
      .prepare(`SELECT key AS id, transfer, cents, state, by FROM cases WHERE state IN ('approved', 'declined') ORDER BY rowid`)
      .all() as (OpenCase & { state: string; by: string })[];
    return rows.map(({ id, transfer, cents, state, by }) => ({ id, transfer, cents, approved: state === 'approved', by }));
  }

  /** Decides an open case, once. False: it is not open any more. */
  decide(id: string, approved: boolean, by: string): boolean {
    const { changes } = this.#sql
      .prepare(`UPDATE cases SET state = ?, by = ? WHERE key = ? AND state = 'open'`)
      .run(approved ? 'approved' : 'declined', by, id);
    return changes === 1;
  }
}
