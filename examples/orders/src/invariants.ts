import { euros, judge, total, twice } from '@redress/example-shared';
import type { Invariant } from '@redress/example-shared';
import type { Ending, Order } from './order.js';
import type { Facts } from './world/facts.js';

const ENDED: ReadonlySet<Ending | undefined> = new Set<Ending>(['shipped', 'undone', 'refused']);

/** Compares what the journal says of the orders with what the remote systems say; neither of them knows the other. */
export function checkInvariants(facts: Facts, orders: readonly Order[], endings: ReadonlyMap<string, Ending>): readonly Invariant[] {
  return judge([
    ['every order has ended', unended(orders, endings)],
    ['stock is conserved', lostStock(facts)],
    ['no reservation is left', leftHolds(facts)],
    ['money is conserved', lostMoney(facts)],
    ['no charge without a shipment', unpaired(facts)],
    ['what was shipped was ordered and paid, and nothing else', disagreements(facts, orders, endings)],
    ['no effect happened twice', twice(facts)],
  ]);
}

function unended(orders: readonly Order[], endings: ReadonlyMap<string, Ending>): string[] {
  return orders.filter(({ id }) => !ENDED.has(endings.get(id))).map(({ id }) => `${id} is ${endings.get(id) ?? 'not in the journal'}`);
}

function lostStock({ stock, holds }: Facts): string[] {
  const sum = (sku: string, state: string): number => total(holds.filter((h) => h.sku === sku && h.state === state).map((h) => h.quantity));
  return stock.flatMap(({ sku, initial, on_hand }) => {
    const shipped = sum(sku, 'shipped');
    const held = sum(sku, 'held');
    if (initial === on_hand + shipped + held) return [];
    return [`${sku}: ${initial} at first, but now ${on_hand} on hand + ${held} held + ${shipped} shipped`];
  });
}

function leftHolds({ holds }: Facts): string[] {
  return holds.filter(({ state }) => state === 'held').map(({ key, sku, quantity }) => `${quantity} of ${sku} still held for ${key}`);
}

function lostMoney({ charges, shipments }: Facts): string[] {
  const kept = total(charges.filter(({ state }) => state === 'charged').map(({ cents }) => cents));
  const owed = total(shipments.filter(({ state }) => state === 'shipped').map(({ cents }) => cents));
  return kept === owed ? [] : [`charged minus refunded is ${euros(kept)}, shipped orders are worth ${euros(owed)}`];
}

function unpaired({ charges, shipments }: Facts): string[] {
  const sent = new Set(shipments.filter(({ state }) => state === 'shipped').map((s) => s.order_id));
  return charges
    .filter(({ state, order_id }) => state === 'charged' && !sent.has(order_id))
    .map(({ order_id, cents }) => `${order_id} was charged ${euros(cents)}, not refunded, and not shipped`);
}

function disagreements(facts: Facts, orders: readonly Order[], endings: ReadonlyMap<string, Ending>): string[] {
  return orders.flatMap((order) => {
    const sent = facts.shipments.filter((s) => s.order_id === order.id && s.state === 'shipped');
    const paid = total(facts.charges.filter((c) => c.order_id === order.id && c.state === 'charged').map((c) => c.cents));
    const ending = endings.get(order.id);
    if (ending !== 'shipped') return sent.map(() => `${order.id} is ${ending ?? 'not in the journal'}, but 1 parcel is on its way`);
    const goods = facts.holds.filter((h) => sent.some((s) => s.hold === h.key) && h.state === 'shipped');
    const complete = order.items.every((item) => total(goods.filter((g) => g.sku === item.sku).map((g) => g.quantity)) === item.quantity);
    return [
      ...(sent.length === 1 ? [] : [`${order.id} is shipped, but ${sent.length} parcels are on their way`]),
      ...(complete ? [] : [`${order.id} is shipped, but its parcel does not hold what was ordered`]),
      ...(paid === order.cents ? [] : [`${order.id} costs ${euros(order.cents)}, but ${euros(paid)} were charged`]),
    ];
  });
}
