import { describe, expect, it } from 'vitest';
import { lintText } from '../text.js';

const PIVOTS = ['pivot-order', 'one-pivot', 'repeatable-after-pivot'];

/** A saga with this body over a pivot `pay`, a second one `send`, a step with an undo `book` and one without `tell`. */
function found(body: string): string[] {
  const text = `import { Compensate, Saga, Step, step } from '@redress/decorators';
import type { Undo } from '@redress/decorators';
export class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) { ${body} }
  @Saga({ id: (order: Order) => order.id })
  async child(order: Order) { await this.pay(order); }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async pay(order: Order) { await bank.pay(order, step().key); }
  @Step({ pivot: true, irreversible: 'the truck has left' })
  async send(order: Order) { await truck.send(order, step().key); }
  @Compensate((o: Orders) => o.unbook, { total: true })
  async book(order: Order) { await ledger.book(order, step().key); }
  async unbook(undo: Undo<Orders, 'book'>) { await ledger.unbook(undo.forwardKey); }
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) { await mail.tell(order, step().key); }
  @Step({ irreversible: 'asked is asked', repeatable: false, probe: (o: Orders) => o.asked })
  async ask(order: Order) { await mail.ask(order); }
  async asked() {}
  private async payAndTell(order: Order) { await this.pay(order); await this.tell(order); }
  private async bookIt(order: Order) { await this.book(order); }
}`;
  return lintText('a.ts', text).flatMap(({ rule }) => (PIVOTS.includes(rule) ? [rule] : []));
}

describe('the pivot', () => {
  it.each([
    ['before it', 'await this.book(order); await this.pay(order); await this.tell(order);'],
    ['in the other arm', 'if (order.a) await this.pay(order); else await this.book(order);'],
    ['in two arms', 'const x = order.a ? await this.pay(order) : await this.send(order); await this.tell(order);'],
    ['under two conditions', 'if (order.a) await this.pay(order); if (!order.a) await this.book(order);'],
    ['under two short conditions', 'order.a && (await this.pay(order)); order.b && (await this.send(order));'],
    ['behind a return', 'if (order.a) { await this.pay(order); return; } await this.book(order);'],
    ['returned', 'if (order.a) return this.pay(order); await this.book(order); return this.send(order);'],
    ['behind a throw', 'if (order.a) { await this.pay(order); throw new Error(); } await this.book(order);'],
    ['in a loop that it ends', 'for (const a of order.all) { await this.book(order); if (a) { await this.pay(order); break; } }'],
    ['in two cases', "switch (order.kind) { case 'a': await this.pay(order); break; case 'b': await this.book(order); break; }"],
    ['in a catch', 'try { await this.pay(order); } catch (e) { if (e) await this.book(order); throw e; }'],
    ['beside read-only ones', 'await Promise.all([this.pay(order), this.tell(order)]);'],
  ])('%s is in order', (_, body) => {
    expect(found(body)).toEqual([]);
  });

  it.each([
    ['a step with an undo after it', 'await this.pay(order); await this.book(order);', ['pivot-order']],
    ['after it through helpers', 'await this.payAndTell(order); await this.bookIt(order);', ['pivot-order']],
    ['after it on one path', 'if (order.a) await this.pay(order); await this.book(order);', ['pivot-order']],
    ['in the same arm', 'if (order.a) { await this.pay(order); await this.book(order); }', ['pivot-order']],
    [
      'in the next round of a loop',
      'for (const a of order.all) { await this.book(order); await this.pay(order); }',
      ['one-pivot', 'pivot-order'],
    ],
    ['beside it', 'await Promise.all([this.book(order), this.pay(order)]);', ['pivot-order']],
    ['a second one', 'await this.pay(order); await this.send(order);', ['one-pivot']],
    ['two beside each other', 'await Promise.all([this.pay(order), this.send(order)]);', ['one-pivot']],
    ['a second one in a child', 'await this.pay(order); await this.child(order);', ['one-pivot']],
    ['one after a child that has one', 'await this.child(order); await this.book(order);', ['pivot-order']],
    ['one that must not be repeated', 'await this.pay(order); await this.ask(order);', ['repeatable-after-pivot']],
  ])('%s is reported', (_, body, rules) => {
    expect(found(body).toSorted()).toEqual(rules);
  });
});
