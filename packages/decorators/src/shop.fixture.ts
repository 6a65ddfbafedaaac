import 'reflect-metadata';
import { RefusedError } from '@redress/core';
import type { Undo } from '@redress/core';
import { inject, singleton } from 'tsyringe';
import { Compensate, Retry, Saga, Step, step } from './index.js';

export interface Order {
  readonly id: string;
  readonly cents: number;
}

export const facts: string[] = [];
export const keys: string[] = [];

@singleton()
export class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(id: string): Promise<{ hold: string }> {
    keys.push(step().key);
    facts.push(`reserve ${id}`);
    return { hold: `hold-${id}` };
  }

  private async release(undo: Undo<Stock, 'reserve'>): Promise<void> {
    facts.push(`release ${undo.args[0]} ${undo.outcome} ${undo.result?.hold ?? '-'}`);
  }
}

@singleton()
export class Payments {
  readonly #purse: string[] = [];
  failures = 0;

  @Retry({ maxRetries: 3, delay: 1, jitter: 'none' })
  @Compensate((p: Payments) => p.refund, { total: true })
  async charge(id: string, cents: number): Promise<string> {
    keys.push(step().key);
    if (this.failures-- > 0) throw Object.assign(new Error('reset'), { code: 'ECONNREFUSED' });
    this.#purse.push(id);
    facts.push(`charge ${id} ${cents}`);
    return `receipt-${this.#purse.length}`;
  }

  async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    facts.push(`refund ${undo.args[0]} ${undo.outcome}`);
  }
}

@singleton()
export class Shipping {
  closed = false;

  @Step({ irreversible: 'a parcel that has left cannot be called back' })
  async ship(id: string): Promise<string> {
    if (this.closed) throw new RefusedError('No carrier today');
    facts.push(`ship ${id}`);
    return `parcel-${id}`;
  }
}

@singleton()
export class OrderService {
  constructor(
    @inject(Stock) private readonly stock: Stock,
    @inject(Payments) private readonly payments: Payments,
    @inject(Shipping) private readonly shipping: Shipping,
  ) {}

  @Saga({ id: (order: Order) => order.id })
  async place(order: Order): Promise<string> {
    const { hold } = await this.stock.reserve(order.id);
    const receipt = await this.payments.charge(order.id, order.cents);
    return `${hold} ${receipt} ${await this.shipping.ship(order.id)}`;
  }
}
