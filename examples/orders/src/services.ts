import type { Undo } from '@redress/core';
import { Compensate, Retry, Saga, step } from '@redress/decorators';
import { inject, singleton } from 'tsyringe';
import type { Item, Order } from './order.js';
import type { Bank, Charge } from './world/bank.js';
import type { Carrier, Shipment } from './world/carrier.js';
import type { Hold, Warehouse } from './world/warehouse.js';

/** Names under which the container finds the remote systems. */
export const WAREHOUSE = Symbol('Warehouse');
export const BANK = Symbol('Bank');
export const CARRIER = Symbol('Carrier');

@singleton()
export class Stock {
  constructor(@inject(WAREHOUSE) private readonly warehouse: Warehouse) {}

  @Compensate((s: Stock) => s.release, { total: true })
  @Retry({ maxRetries: 3, delay: '20ms' })
  async reserve(items: readonly Item[]): Promise<Hold> {
    return this.warehouse.reserve(items, { idempotencyKey: step().key });
  }

  async release(undo: Undo<Stock, 'reserve'>): Promise<void> {
    await this.warehouse.releaseByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class Payments {
  constructor(@inject(BANK) private readonly bank: Bank) {}

  @Compensate((p: Payments) => p.refund, { total: true })
  @Retry({ maxRetries: 3, delay: '20ms' })
  async charge(orderId: string, cents: number, card: string): Promise<Charge> {
    return this.bank.charge(orderId, cents, card, { idempotencyKey: step().key });
  }

  /** Pays back, or closes the key for good when nobody knows whether the charge arrived. */
  async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    await this.bank.cancelByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class Shipping {
  constructor(@inject(CARRIER) private readonly carrier: Carrier) {}

  @Compensate((s: Shipping) => s.cancel, { total: true })
  @Retry({ maxRetries: 3, delay: '20ms' })
  async ship(order: Order, hold: Hold): Promise<Shipment> {
    return this.carrier.ship(order, hold, { idempotencyKey: step().key });
  }

  async cancel(undo: Undo<Shipping, 'ship'>): Promise<void> {
    await this.carrier.cancelByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}

@singleton()
export class OrderService {
  constructor(
    @inject(Stock) private readonly stock: Stock,
    @inject(Payments) private readonly payments: Payments,
    @inject(Shipping) private readonly shipping: Shipping,
  ) {}

  @Saga({ name: 'PlaceOrder', id: (order: Order) => order.id })
  async place(order: Order): Promise<Shipment> {
    const hold = await this.stock.reserve(order.items);
    await this.payments.charge(order.id, order.cents, order.card);
    return this.shipping.ship(order, hold);
  }
}
