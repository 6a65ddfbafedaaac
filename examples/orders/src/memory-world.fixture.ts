import { RefusedError } from '@redress/core';
import { container } from 'tsyringe';
import type { DependencyContainer } from 'tsyringe';
import type { Item, Order } from './order.js';
import { BANK, CARRIER, OrderService, Payments, Shipping, Stock, WAREHOUSE } from './services.js';
import type { Bank, Charge } from './world/bank.js';
import type { Carrier, Shipment } from './world/carrier.js';
import type { Hold, Warehouse } from './world/warehouse.js';

type Key = { readonly idempotencyKey: string };
/** What a request came to: an effect that can be taken back, a no, or nothing for ever. */
type Answer = { readonly value: unknown; readonly undo: () => void } | { readonly refusal: RefusedError } | 'closed';

/** The warehouse, the bank and the carrier in memory: each request carries a key, and has its effect once. */
export class MemoryWorld {
  onHand = new Map([['grinder-hand', 5]]);
  readonly holds = new Map<string, 'held' | 'shipped'>();
  /** Charged and not paid back, by order. */
  readonly charged = new Map<string, number>();
  readonly parcels = new Set<string>();
  /** Nobody answers. */
  isDown = false;
  private readonly answers = new Map<string, Answer>();

  readonly warehouse: Pick<Warehouse, 'reserve' | 'releaseByKey'> = {
    reserve: (items, { idempotencyKey: key }) => this.ask(key, () => this.hold(key, items)),
    releaseByKey: (forwardKey) => this.cancel(forwardKey),
  };

  readonly bank: Pick<Bank, 'charge' | 'cancelByKey'> = {
    charge: (orderId, cents, card, { idempotencyKey: key }: Key) =>
      this.ask<Charge>(key, () => {
        if (card.includes('declined')) throw new RefusedError('The card was declined.', { code: 'CARD_DECLINED' });
        this.charged.set(orderId, (this.charged.get(orderId) ?? 0) + cents);
        return { value: { id: key, cents }, undo: () => this.charged.set(orderId, (this.charged.get(orderId) ?? 0) - cents) };
      }),
    cancelByKey: (forwardKey) => this.cancel(forwardKey),
  };

  readonly carrier: Pick<Carrier, 'ship' | 'cancelByKey'> = {
    ship: (order, hold, { idempotencyKey: key }) => this.ask(key, () => this.send(order, hold)),
    cancelByKey: (forwardKey) => this.cancel(forwardKey),
  };

  /** What counts, without keys. */
  snapshot(): unknown {
    const held = [...this.holds.values()].filter((state) => state === 'held').length;
    const charged = [...this.charged].filter(([, cents]) => cents !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { onHand: [...this.onHand], held, charged, parcels: [...this.parcels].toSorted() };
  }

  private hold(key: string, items: readonly Item[]): Extract<Answer, { undo: unknown }> {
    const move = (sign: 1 | -1): void => {
      for (const { sku, quantity } of items) this.onHand.set(sku, (this.onHand.get(sku) ?? 0) + sign * quantity);
    };
    if (items.some(({ sku, quantity }) => (this.onHand.get(sku) ?? 0) < quantity))
      throw new RefusedError('Sold out.', { code: 'OUT_OF_STOCK' });
    move(-1);
    this.holds.set(key, 'held');
    const undo = (): void => {
      move(1);
      this.holds.delete(key);
    };
    return { value: { id: key }, undo };
  }

  private send(order: Order, hold: Hold): Extract<Answer, { undo: unknown }> {
    if (order.country === 'AQ') throw new RefusedError('The carrier does not go to AQ.', { code: 'UNSHIPPABLE' });
    this.holds.set(hold.id, 'shipped');
    this.parcels.add(order.id);
    const shipment: Shipment = { id: `parcel of ${order.id}` };
    const undo = (): void => {
      this.holds.set(hold.id, 'held');
      this.parcels.delete(order.id);
    };
    return { value: shipment, undo };
  }

  private async ask<T>(key: string, work: () => Extract<Answer, { undo: unknown }>): Promise<T> {
    this.checkLine();
    const answer = this.answers.get(key) ?? decide(work);
    this.answers.set(key, answer);
    if (answer === 'closed') throw new RefusedError('This key is closed.', { code: 'KEY_CLOSED' });
    if ('refusal' in answer) throw answer.refusal;
    return answer.value as T;
  }

  private async cancel(forwardKey: string): Promise<void> {
    this.checkLine();
    const answer = this.answers.get(forwardKey);
    this.answers.set(forwardKey, 'closed');
    if (typeof answer === 'object' && 'undo' in answer) answer.undo();
  }

  private checkLine(): void {
    if (this.isDown) throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
  }
}

function decide(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: error };
    throw error;
  }
}

/** The shop as it is, in front of this world. */
export function shopIn(world: MemoryWorld): DependencyContainer {
  const own = container.createChildContainer();
  own.register(WAREHOUSE, { useValue: world.warehouse });
  own.register(BANK, { useValue: world.bank });
  own.register(CARRIER, { useValue: world.carrier });
  for (const type of [Stock, Payments, Shipping, OrderService]) own.registerSingleton<object>(type);
  return own;
}
