import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';

export interface Charge {
  /** The charge's number at the bank: the key it was asked for with. */
  readonly id: string;
  readonly cents: number;
}

export class Bank {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** @throws RefusedError `CARD_DECLINED` */
  async charge(orderId: string, cents: number, card: string, { idempotencyKey: key }: Idempotent): Promise<Charge> {
    return this.#network.call('Payments.charge', () =>
      this.#desk.ask('bank.charge', key, () => {
        if (card.includes('declined')) {
          throw new RefusedError(`The issuer declined the card ending in ${card.slice(-4)}.`, { code: 'CARD_DECLINED' });
        }
        this.#sql.prepare(`INSERT INTO charges (key, order_id, cents, state) VALUES (?, ?, ?, 'charged')`).run(key, orderId, cents);
        return { id: key, cents };
      }),
    );
  }

  /** Pays the money back, or closes the key of a charge that has not arrived. */
  async cancelByKey(forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Payments.refund', () =>
      this.#desk.cancel('bank.cancelByKey', forwardKey, key, () => {
        this.#sql.prepare(`UPDATE charges SET state = 'refunded' WHERE key = ?`).run(forwardKey);
      }),
    );
  }
}
