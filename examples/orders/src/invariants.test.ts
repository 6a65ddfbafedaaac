import { describe, expect, it } from 'vitest';
import { checkInvariants } from './invariants.js';
import type { Ending, Order } from './order.js';
import type { Facts } from './world/facts.js';

const order: Order = { id: 'o-1', customer: 'Ana', country: 'BR', items: [{ sku: 'mug', quantity: 2 }], cents: 3000, card: 'tok_1' };

/** One order shipped, with everything as it should be. */
const FINE: Facts = {
  stock: [{ sku: 'mug', initial: 10, on_hand: 8 }],
  holds: [{ key: 'h', sku: 'mug', quantity: 2, state: 'shipped' }],
  charges: [{ key: 'c', order_id: 'o-1', cents: 3000, state: 'charged' }],
  shipments: [{ key: 's', order_id: 'o-1', hold: 'h', cents: 3000, state: 'shipped' }],
  effects: [{ key: 'c', call: 'bank.charge', times: 1 }],
  askedAgain: 0,
};

function broken(facts: Partial<Facts>, ending: Ending | undefined = 'shipped'): Record<string, readonly string[]> {
  const endings = new Map(ending ? [['o-1', ending]] : []);
  const found = checkInvariants({ ...FINE, ...facts }, [order], endings);
  return Object.fromEntries(found.filter(({ ok }) => !ok).map(({ name, differs }) => [name, differs]));
}

describe('checkInvariants', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(broken({})).toEqual({});
  });

  it('misses a lost unit', () => {
    expect(broken({ stock: [{ sku: 'mug', initial: 10, on_hand: 7 }] })).toEqual({
      'stock is conserved': ['mug: 10 at first, but now 7 on hand + 0 held + 2 shipped'],
    });
  });

  it('names a reservation that is left', () => {
    const holds = [...FINE.holds, { key: 'k', sku: 'mug', quantity: 1, state: 'held' as const }];
    expect(broken({ holds, stock: [{ sku: 'mug', initial: 10, on_hand: 7 }] })).toEqual({
      'no reservation is left': ['1 of mug still held for k'],
    });
  });

  it('names a charge without a shipment', () => {
    const charges = [...FINE.charges, { key: 'd', order_id: 'o-2', cents: 500, state: 'charged' as const }];
    expect(broken({ charges })).toEqual({
      'money is conserved': ['charged minus refunded is 35.00 EUR, shipped orders are worth 30.00 EUR'],
      'no charge without a shipment': ['o-2 was charged 5.00 EUR, not refunded, and not shipped'],
    });
  });

  it('sees that an order was charged twice under two keys', () => {
    const charges = [...FINE.charges, { key: 'd', order_id: 'o-1', cents: 3000, state: 'charged' as const }];
    expect(Object.keys(broken({ charges }))).toEqual(['money is conserved', 'what was shipped was ordered and paid, and nothing else']);
  });

  it('sees an effect that happened twice under one key', () => {
    expect(broken({ effects: [{ key: 'c', call: 'bank.charge', times: 2 }] })).toEqual({
      'no effect happened twice': ['bank.charge with key c had its effect 2 times'],
    });
  });

  it.each([
    ['unfinished', 'o-1 is unfinished'],
    ['stuck', 'o-1 is stuck'],
  ] as const)('does not take %s for an end', (ending, text) => {
    expect(broken({}, ending)['every order has ended']).toEqual([text]);
  });

  it('misses an order that nobody ever placed', () => {
    expect(checkInvariants(FINE, [order], new Map())[0]).toMatchObject({ ok: false, differs: ['o-1 is not in the journal'] });
  });

  it('believes no journal that says undone while the parcel is on its way', () => {
    expect(broken({}, 'undone')).toEqual({
      'what was shipped was ordered and paid, and nothing else': ['o-1 is undone, but 1 parcel is on its way'],
    });
  });

  it('opens the parcel', () => {
    const holds = [{ key: 'h', sku: 'mug', quantity: 1, state: 'shipped' as const }];
    expect(broken({ holds, stock: [{ sku: 'mug', initial: 10, on_hand: 9 }] })).toEqual({
      'what was shipped was ordered and paid, and nothing else': ['o-1 is shipped, but its parcel does not hold what was ordered'],
    });
  });
});
