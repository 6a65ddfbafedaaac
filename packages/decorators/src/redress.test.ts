import 'reflect-metadata';
import { createEnvironment } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { container as root } from 'tsyringe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redress } from './index.js';
import type { App } from './index.js';
import { facts, keys, OrderService, Payments, Shipping } from './shop.fixture.js';

describe('redress with a container', () => {
  let app: App;
  let container = root.createChildContainer();

  beforeEach(async () => {
    root.clearInstances();
    facts.length = 0;
    keys.length = 0;
    container = root.createChildContainer();
    app = await redress({ container, store: memoryStore() });
  });
  afterEach(() => app.stop());

  it('runs a saga from a plain call of its method', async () => {
    expect(await container.resolve(OrderService).place({ id: 'o-1', cents: 100 })).toBe('hold-o-1 receipt-1 parcel-o-1');
    expect(facts).toEqual(['reserve o-1', 'charge o-1 100', 'ship o-1']);
  });

  it('undoes the steps in reverse when one is refused', async () => {
    container.resolve(Shipping).closed = true;
    await expect(container.resolve(OrderService).place({ id: 'o-2', cents: 5 })).rejects.toMatchObject({
      code: 'SAGA_COMPENSATED',
      cause: { message: 'No carrier today' },
    });
    expect(facts.slice(-2)).toEqual(['refund o-2 done', 'release o-2 done hold-o-2']);
  });

  it('keeps the key of a step over its repetitions', async () => {
    container.resolve(Payments).failures = 2;
    await container.resolve(OrderService).place({ id: 'o-3', cents: 5 });
    expect(keys).toHaveLength(4);
    expect(new Set(keys.slice(1)).size).toBe(1);
  });

  it('starts by class and method, and finds the run by its id', async () => {
    const handle = await app.start(OrderService, 'place', { id: 'o-4', cents: 1 });
    expect(await app.handle(OrderService, 'place', 'o-4').outcome()).toBe(await handle.outcome());
  });

  it('gives the same run for the same id, and runs no step twice', async () => {
    const orders = container.resolve(OrderService);
    const [one, two] = await Promise.all([orders.place({ id: 'o-5', cents: 1 }), orders.place({ id: 'o-5', cents: 1 })]);
    expect(one).toBe(two);
    expect(facts).toHaveLength(3);
  });

  it('tells its events', async () => {
    const names: string[] = [];
    app.events.on('*', (event) => names.push(event.name));
    await container.resolve(OrderService).place({ id: 'o-6', cents: 1 });
    expect(names).toContain('saga.completed');
    expect(app.environment).toMatchObject(
      Object.keys(createEnvironment()).reduce((all, key) => ({ ...all, [key]: expect.anything() }), {}),
    );
  });
});
