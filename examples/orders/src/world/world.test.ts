import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Order } from '../order.js';
import { readFacts } from './facts.js';
import { openWorld } from './world.js';
import type { World } from './world.js';

const order: Order = {
  id: 'o-1',
  customer: 'Ana',
  country: 'BR',
  items: [{ sku: 'kettle-steel', quantity: 2 }],
  cents: 9180,
  card: 'tok_visa_1',
};
const key = (idempotencyKey: string) => ({ idempotencyKey });

describe('the outside world', () => {
  let folder: string;
  let file: string;
  let world: World;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'redress-orders-test-'));
    file = join(folder, 'world.db');
    world = openWorld({ file });
  });
  afterEach(() => {
    world.close();
    rmSync(folder, { recursive: true });
  });

  const onHand = (sku: string): number | undefined => readFacts(file).stock.find((row) => row.sku === sku)?.on_hand;

  it('works once on a request, however often it comes with the same key', async () => {
    const first = await world.warehouse.reserve(order.items, key('a'));
    expect(await world.warehouse.reserve(order.items, key('a'))).toEqual(first);
    expect(onHand('kettle-steel')).toBe(58);
    expect(readFacts(file).askedAgain).toBe(1);
  });

  it('gives a refusal again as it gave it', async () => {
    const much = [{ sku: 'kettle-steel', quantity: 61 }];
    await expect(world.warehouse.reserve(much, key('a'))).rejects.toMatchObject({ code: 'OUT_OF_STOCK' });
    await expect(world.warehouse.reserve(order.items, key('a'))).rejects.toMatchObject({ code: 'OUT_OF_STOCK' });
    expect(onHand('kettle-steel')).toBe(60);
    expect(readFacts(file).effects).toEqual([]);
  });

  it('refuses with a code of its own for each reason', async () => {
    await expect(world.warehouse.reserve([{ sku: 'teapot-antique', quantity: 1 }], key('a'))).rejects.toMatchObject({
      code: 'UNKNOWN_SKU',
    });
    await expect(world.bank.charge('o-1', 100, 'tok_visa_declined_1', key('b'))).rejects.toMatchObject({ code: 'CARD_DECLINED' });
    await expect(world.carrier.ship({ ...order, country: 'AQ' }, { id: 'a' }, key('c'))).rejects.toMatchObject({ code: 'UNSHIPPABLE' });
  });

  it('takes back what was done, once', async () => {
    await world.warehouse.reserve(order.items, key('a'));
    await world.warehouse.releaseByKey('a', key('a/undo'));
    await world.warehouse.releaseByKey('a', key('a/undo'));
    await world.warehouse.releaseByKey('a', key('another'));
    expect(onHand('kettle-steel')).toBe(60);
  });

  it('closes the key of a request that has not arrived, so that it has no effect when it does', async () => {
    await world.warehouse.releaseByKey('a', key('a/undo'));
    await expect(world.warehouse.reserve(order.items, key('a'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    await world.bank.cancelByKey('b', key('b/undo'));
    await expect(world.bank.charge('o-1', 100, 'tok_visa_1', key('b'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    await world.carrier.cancelByKey('c', key('c/undo'));
    await expect(world.carrier.ship(order, { id: 'a' }, key('c'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    const { charges, holds, shipments, effects } = readFacts(file);
    expect([charges, holds, shipments, effects]).toEqual([[], [], [], []]);
  });

  it('closes the key of a request that was taken back', async () => {
    await world.bank.charge('o-1', 100, 'tok_visa_1', key('b'));
    await world.bank.cancelByKey('b', key('b/undo'));
    await expect(world.bank.charge('o-1', 100, 'tok_visa_1', key('b'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    expect(readFacts(file).charges).toEqual([expect.objectContaining({ state: 'refunded' })]);
  });

  it('brings a recalled parcel back to its reservation', async () => {
    const hold = await world.warehouse.reserve(order.items, key('a'));
    await world.carrier.ship(order, hold, key('c'));
    await world.carrier.cancelByKey('c', key('c/undo'));
    await world.warehouse.releaseByKey('a', key('a/undo'));
    expect(onHand('kettle-steel')).toBe(60);
  });

  it('loses requests and answers as often as the weather says, the same ones for the same seed', async () => {
    const faults = async (): Promise<number> => {
      const stormy = openWorld({ file, weather: { latencyMs: 0, refusedConnections: 0.2, lostAnswers: 0.2, seed: 3 } });
      for (let i = 0; i < 40; i++) await stormy.bank.charge('o-1', 1, 'tok_visa_1', key(`n-${i}`)).catch(() => {});
      stormy.close();
      return stormy.network.faults;
    };
    const first = await faults();
    expect(first).toBeGreaterThan(5);
    expect(await faults()).toBe(first);
  });

  it('refuses everybody where it was told to', async () => {
    const closed = openWorld({ file, refuse: 'Payments.charge' });
    await expect(closed.bank.charge('o-1', 100, 'tok_visa_1', key('b'))).rejects.toMatchObject({ code: 'SHUT' });
    await closed.bank.cancelByKey('x', key('x/undo'));
    closed.close();
  });
});
