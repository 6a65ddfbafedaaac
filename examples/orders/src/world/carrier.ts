import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import type { Order } from '../order.js';
import type { Hold } from './warehouse.js';

export interface Shipment {
  /** The parcel's number at the carrier: the key it was asked for with. */
  readonly id: string;
}

/** Antarctica and islands that no parcel service goes to. */
const UNREACHABLE = new Set(['AQ', 'BV', 'HM', 'PN', 'TF']);

export class Carrier {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** Collects the goods at the warehouse. @throws RefusedError `UNSHIPPABLE` */
  async ship(order: Order, hold: Hold, { idempotencyKey: key }: Idempotent): Promise<Shipment> {
    return this.#network.call('Shipping.ship', () =>
      this.#desk.ask('carrier.ship', key, () => {
        if (UNREACHABLE.has(order.country)) {
          throw new RefusedError(`The carrier does not go to ${order.country}.`, { code: 'UNSHIPPABLE' });
        }
        this.#moveHold(hold.id, 'held', 'shipped');
        this.#sql
          .prepare(`INSERT INTO shipments (key, order_id, hold, cents, state) VALUES (?, ?, ?, ?, 'shipped')`)
          .run(key, order.id, hold.id, order.cents);
        return { id: key };
      }),
    );
  }

  /** Calls the parcel back to the warehouse, or closes the key of a shipment that has not arrived. */
  async cancelByKey(forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Shipping.cancel', () =>
      this.#desk.cancel('carrier.cancelByKey', forwardKey, key, () => {
        const { hold } = this.#sql.prepare('SELECT hold FROM shipments WHERE key = ?').get(forwardKey) as { hold: string };
        this.#moveHold(hold, 'shipped', 'held');
        this.#sql.prepare(`UPDATE shipments SET state = 'recalled' WHERE key = ?`).run(forwardKey);
      }),
    );
  }

  #moveHold(key: string, from: string, to: string): void {
    this.#sql.prepare('UPDATE holds SET state = ? WHERE key = ? AND state = ?').run(to, key, from);
  }
}
