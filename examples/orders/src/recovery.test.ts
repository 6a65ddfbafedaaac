import 'reflect-metadata';
import { everyCrash, sagaLab, testRecovery } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryWorld, shopIn } from './memory-world.fixture.js';
import type { Order } from './order.js';
import { OrderService, Payments, Shipping, Stock } from './services.js';

const order: Order = {
  ...{ id: 'o-1', customer: 'Maria Gonzalez', country: 'US', cents: 6900, card: 'tok_visa_4242' },
  items: [{ sku: 'grinder-hand', quantity: 1 }],
};
const input = (n: number): Order => ({ ...order, id: `o-${n + 1}` });
const classes = [Stock, Payments, Shipping, OrderService];
const world = (): MemoryWorld => new MemoryWorld();

/** Money, goods and parcels belong together, whatever became of the orders. */
function nothingLost({ onHand, holds, charged, parcels }: MemoryWorld): void {
  expect([...holds.values()].filter((state) => state === 'held')).toEqual([]);
  expect((onHand.get('grinder-hand') ?? 0) + parcels.size).toBe(5);
  for (const [id, cents] of charged) expect(cents).toBe(parcels.has(id) ? 6900 : 0);
}

describe('an order', () => {
  it('ships', async () => {
    const outside = world();
    await using t = await testRecovery({ container: shopIn(outside), classes });
    expect(await t.run(OrderService, (s) => s.place(order))).toEqual({ id: 'parcel of o-1' });
    expect(t.saga('o-1')).toBeCompleted();
    expect(t.saga('o-1')).toHaveRun(['Stock.reserve', 'Payments.charge', 'Shipping.ship']);
    nothingLost(outside);
  });

  it('that no card pays for gives its goods back', async () => {
    const outside = world();
    await using t = await testRecovery({ container: shopIn(outside), classes });
    await expect(t.run(OrderService, (s) => s.place({ ...order, card: 'tok_declined_0002' }))).rejects.toThrow('declined');
    expect(t.saga('o-1')).toHaveUndone(['Stock.reserve']);
    nothingLost(outside);
  });

  it('whose charge was not answered is paid back, although the process dies and the bank is away for an hour', async () => {
    const outside = world();
    await using t = await testRecovery({ container: shopIn(outside), classes });
    t.unknownAt(Payments, 'charge');
    t.crashAt(Payments, 'before:refund');
    await t.run(OrderService, (s) => s.place(order)).catch(() => {});
    expect(outside.charged.get('o-1')).toBe(6900);
    outside.isDown = true;
    await t.restart();
    await t.advance('1h');
    expect(t.saga('o-1')).toBeRunning();
    outside.isDown = false;
    await t.settle();
    expect(t.saga('o-1')).toBeCompensated();
    expect(t.saga('o-1')).toHaveUndone(['Payments.charge', 'Stock.reserve']);
    expect(new Set(t.calls(Payments, 'refund').map(({ key }) => key)).size).toBe(1);
    nothingLost(outside);
  });

  it('is finished by another process when its own hangs at the carrier', async () => {
    const outside = world();
    await using t = await testRecovery({ container: shopIn(outside), classes });
    t.hangAt(Shipping, 'ship');
    const placed = t.run(OrderService, (s) => s.place(order));
    await t.advance('1s');
    t.process.pause();
    await t.spawn();
    await t.settle();
    expect(t.saga('o-1')).toBeCompleted();
    t.restart().catch(() => {});
    await expect(placed).rejects.toThrow('The process died');
    nothingLost(outside);
  });

  it('loses nothing wherever a process dies, and the next one too', async () => {
    const report = await everyCrash({
      ...{ container: shopIn, classes, saga: [OrderService, 'place'] as const, input, world, invariant: nothingLost, twice: true },
      also: { 'the card is declined': (t) => t.failAt(Payments, 'charge', new Error('timed out'), { times: 2 }) },
    });
    expect(report.covered).toBeGreaterThan(400);
    expect(Object.keys(report.endings).toSorted()).toEqual(['compensated', 'completed']);
  });

  it('stands every cell of the table', async () => {
    const report = await sagaLab({
      ...{ container: shopIn, classes, saga: [OrderService, 'place'] as const, input, world, invariant: nothingLost },
      snapshot: (outside) => outside.snapshot(),
      outage: (outside) => {
        outside.isDown = true;
        return () => (outside.isDown = false);
      },
    });
    expect(report.covered).toBe(report.total);
  });
});
