import { RefusedError } from '@redress/core';
import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import { feeOf } from '../transfer.js';
import type { Transfer } from '../transfer.js';
import { FEES, TRANSIT } from './database.js';

/** Money that moved from one account to another. */
export interface Posting {
  /** Its number in the ledger: the key it was asked for with. */
  readonly id: string;
  readonly cents: number;
}

/** The core banking system: accounts, and postings of which each takes from one account what it gives to another. */
export class Ledger {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** Changes nothing. @throws RefusedError `UNKNOWN_ACCOUNT`, `ACCOUNT_CLOSED` */
  async checkReceiver(number: string): Promise<void> {
    return this.#network.call('Accounts.checkReceiver', () => this.#checkOpen(number));
  }

  /** @throws RefusedError `INSUFFICIENT_FUNDS`, `UNKNOWN_ACCOUNT` */
  async debit(transfer: Transfer, { idempotencyKey: key }: Idempotent): Promise<Posting> {
    return this.#network.call('Accounts.debit', () =>
      this.#desk.ask('ledger.debit', key, () => {
        this.#checkFunds(transfer.from, transfer.cents);
        return this.#move(key, transfer.id, transfer.from, TRANSIT, transfer.cents);
      }),
    );
  }

  /** @throws RefusedError `INSUFFICIENT_FUNDS` */
  async charge(transfer: Transfer, { idempotencyKey: key }: Idempotent): Promise<Posting> {
    return this.#network.call('Fees.charge', () =>
      this.#desk.ask('ledger.charge', key, () => {
        const cents = feeOf(transfer);
        this.#checkFunds(transfer.from, cents);
        return this.#move(key, transfer.id, transfer.from, FEES, cents);
      }),
    );
  }

  /** @throws RefusedError `UNKNOWN_ACCOUNT`, `ACCOUNT_CLOSED` */
  async credit(transfer: Transfer, { idempotencyKey: key }: Idempotent): Promise<Posting> {
    return this.#network.call('Accounts.credit', () =>
      this.#desk.ask('ledger.credit', key, () => {
        this.#checkOpen(transfer.to);
        return this.#move(key, transfer.id, TRANSIT, transfer.to, transfer.cents);
      }),
    );
  }

  /** What became of a posting; undefined: it has not arrived, was refused, and never will be made. */
  async settle(key: string): Promise<Posting | undefined> {
    return this.#network.call('Accounts.lookUp', () => this.#desk.settle<Posting>('ledger.settle', key));
  }

  /** Posts the opposite, or closes the key of a posting that has not arrived. */
  async reverseByKey(operation: Operation, forwardKey: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call(operation, () =>
      this.#desk.cancel('ledger.reverseByKey', forwardKey, key, () => {
        const made = this.#sql.prepare('SELECT transfer, account, cents FROM postings WHERE key = ?').all(forwardKey) as {
          transfer: string;
          account: string;
          cents: number;
        }[];
        for (const { transfer, account, cents } of made) this.#post(key, transfer, account, -cents);
      }),
    );
  }

  #move(key: string, transfer: string, from: string, to: string, cents: number): Posting {
    this.#post(key, transfer, from, -cents);
    this.#post(key, transfer, to, cents);
    return { id: key, cents };
  }

  #post(key: string, transfer: string, account: string, cents: number): void {
    this.#sql.prepare('UPDATE accounts SET balance = balance + ? WHERE number = ?').run(cents, account);
    this.#sql.prepare('INSERT INTO postings (key, transfer, account, cents) VALUES (?, ?, ?, ?)').run(key, transfer, account, cents);
  }

  #checkOpen(number: string): void {
    if (this.#account(number).closed) throw new RefusedError(`Account ${number} is closed.`, { code: 'ACCOUNT_CLOSED' });
  }

  #checkFunds(number: string, cents: number): void {
    const { balance } = this.#account(number);
    if (balance >= cents) return;
    throw new RefusedError(`Account ${number} holds ${balance} cents, not ${cents}.`, { code: 'INSUFFICIENT_FUNDS' });
  }

  #account(number: string): { readonly balance: number; readonly closed: number } {
    const found = this.#sql.prepare('SELECT balance, closed FROM accounts WHERE number = ?').get(number);
    if (found) return found as { balance: number; closed: number };
    throw new RefusedError(`There is no account ${number}.`, { code: 'UNKNOWN_ACCOUNT' });
  }
}
