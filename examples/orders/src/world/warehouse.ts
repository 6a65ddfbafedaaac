import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import type { Item } from '../order.js';

/** Goods put aside for an order. */
export interface Hold {
  /** The hold's number at the warehouse: the key it was asked for with. */
  readonly id: string;
}

export class Warehouse {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** @throws RefusedError `OUT_OF_STOCK`, `UNKNOWN_SKU` */
  async reserve(items: readonly Item[], { idempotencyKey: key }: Idempotent): Promise<Hold> {
    return this.#network.call('Stock.reserve', () =>
      this.#desk.ask('warehouse.reserve', key, () => {
        for (const item of items) this.#checkStock(item);
        for (const { sku, quantity } of items) {
          this.#sql.prepare('UPDATE stock SET on_hand = on_hand - ? WHERE sku = ?').run(quantity, sku);
          this.#sql.prepare(`INSERT INTO holds (key, sku, quantity, state) VALUES (?, ?, ?, 'held')`).run(key, sku, quantity);
        }
        return { id: key };
      }),
    );
  }

  /** Puts the goods back, or closes the key of a reservation that has not arrived. */
  async releaseByKey(forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Stock.release', () =>
      this.#desk.cancel('warehouse.releaseByKey', forwardKey, key, () => {
        const held = this.#sql.prepare(`SELECT sku, quantity FROM holds WHERE key = ? AND state = 'held'`).all(forwardKey) as Item[];
        for (const { sku, quantity } of held) {
          this.#sql.prepare('UPDATE stock SET on_hand = on_hand + ? WHERE sku = ?').run(quantity, sku);
        }
        this.#sql.prepare(`UPDATE holds SET state = 'released' WHERE key = ? AND state = 'held'`).run(forwardKey);
      }),
    );
  }

  #checkStock({ sku, quantity }: Item): void {
    const row = this.#sql.prepare('SELECT on_hand FROM stock WHERE sku = ?').get(sku) as { on_hand: number } | undefined;
    if (!row) throw new RefusedError(`The warehouse has no product "${sku}".`, { code: 'UNKNOWN_SKU' });
    if (row.on_hand >= quantity) return;
    throw new RefusedError(`The warehouse has ${row.on_hand} of "${sku}", not ${quantity}.`, { code: 'OUT_OF_STOCK' });
  }
}
