import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import type { Transfer } from '../transfer.js';

/** A payment that the clearing house has accepted: the other bank has the money. */
export interface Payment {
  /** Its number at the clearing house: the key it was asked for with. */
  readonly id: string;
  readonly cents: number;
}

/** The banks that take part. */
export const BANKS: readonly string[] = ['NORDBANK', 'SUDBANK', 'OSTBANK', 'WESTBANK'];

/** Passes payments on to other banks. What it has accepted it never gives back, and it answers so late that its callers give up. */
export class ClearingHouse {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;
  readonly #onAccepted: (transfer: string) => void;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>, onAccepted: (transfer: string) => void = () => {}) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
    this.#onAccepted = onAccepted;
  }

  /** @throws RefusedError `UNKNOWN_BANK` */
  async submit({ id, bank = '', to, cents }: Transfer, { idempotencyKey: key }: Idempotent): Promise<Payment> {
    return this.#network.call('Clearing.submit', () => {
      const payment = this.#desk.ask('clearing.submit', key, () => {
        if (!BANKS.includes(bank)) throw new RefusedError(`No bank "${bank}" takes part in clearing.`, { code: 'UNKNOWN_BANK' });
        this.#sql
          .prepare('INSERT INTO payments (key, transfer, bank, account, cents) VALUES (?, ?, ?, ?, ?)')
          .run(key, id, bank, to, cents);
        return { id: key, cents };
      });
      this.#onAccepted(id);
      return payment;
    });
  }

  /** What became of a payment; undefined: it has not arrived, was refused, and never will be accepted. */
  async settle(key: string): Promise<Payment | undefined> {
    return this.#network.call('Clearing.lookUp', () => this.#desk.settle<Payment>('clearing.settle', key));
  }
}
