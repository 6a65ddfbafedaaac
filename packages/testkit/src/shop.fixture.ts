import { RefusedError } from '@redress/core';
import type { Undo } from '@redress/core';
import { Compensate, Saga, Step, step } from '@redress/decorators';

/** What the shop talks to: counters, and the keys that they have seen. */
export class Outside {
  units = 10;
  cents = 0;
  mails: string[] = [];
  isDown = false;
  readonly answers = new Map<string, unknown>();
  readonly closed = new Set<string>();

  /** Once per key; a closed key is refused. */
  once<T>(key: string, work: () => T): T {
    if (this.isDown) throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    if (this.closed.has(key)) throw new RefusedError('This key is closed.', { code: 'KEY_CLOSED' });
    if (!this.answers.has(key)) this.answers.set(key, work());
    return this.answers.get(key) as T;
  }

  /** Takes back what happened under the key, and closes it. */
  cancel(key: string, work: () => void): void {
    if (this.isDown) throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    if (this.closed.has(key)) return;
    this.closed.add(key);
    if (this.answers.has(key)) work();
  }

  snapshot(): object {
    return { units: this.units, cents: this.cents, mails: this.mails.toSorted() };
  }
}

export interface Order {
  readonly id: string;
  readonly cents: number;
}

export class Stock {
  constructor(readonly outside: Outside) {}

  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(_order: Order): Promise<void> {
    this.outside.once(step().key, () => (this.outside.units -= 1));
  }

  async release(undo: Undo<Stock, 'reserve'>): Promise<void> {
    this.outside.cancel(undo.forwardKey, () => (this.outside.units += 1));
  }
}

export class Payments {
  constructor(readonly outside: Outside) {}

  @Compensate((p: Payments) => p.refund, { total: true })
  async charge(order: Order): Promise<string> {
    return this.outside.once(step().key, () => {
      this.outside.cents += order.cents;
      return `charge of ${order.id}`;
    });
  }

  async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    this.outside.cancel(undo.forwardKey, () => (this.outside.cents -= undo.args[0].cents));
  }
}

export class Mail {
  constructor(readonly outside: Outside) {}

  @Step({ irreversible: 'a mail cannot be called back' })
  async send(order: Order): Promise<void> {
    this.outside.once(step().key, () => this.outside.mails.push(order.id));
  }
}

export class Orders {
  constructor(
    readonly stock: Stock,
    readonly payments: Payments,
    readonly mail: Mail,
  ) {}

  @Saga({ id: (order: Order) => order.id })
  async place(order: Order): Promise<string> {
    await this.stock.reserve(order);
    const charge = await this.payments.charge(order);
    await this.mail.send(order);
    return charge;
  }
}

/** The shop's objects; some of them may be others. */
export function shop(
  outside: Outside,
  parts: { readonly stock?: Stock; readonly payments?: Payments; readonly mail?: Mail } = {},
): object[] {
  const { stock = new Stock(outside), payments = new Payments(outside), mail = new Mail(outside) } = parts;
  return [stock, payments, mail, new Orders(stock, payments, mail)];
}
