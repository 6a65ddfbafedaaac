import 'reflect-metadata';
import { createEventBus, SagaCompensatedError, SagaIdConflictError, SagaStuckError } from '@redress/core';
import type { RedressEvent, Store } from '@redress/core';
import { redress } from '@redress/decorators';
import { inParallel, patiently, runsOf, UsageError } from '@redress/example-shared';
import { container } from 'tsyringe';
import { CrashPoints } from './crash.js';
import { SAGA } from './endings.js';
import type { Job, Report } from './messages.js';
import type { Order } from './order.js';
import { BANK, CARRIER, OrderService, WAREHOUSE } from './services.js';
import { openWorld } from './world/world.js';
import type { World } from './world/world.js';

/** Orders that are placed at a time. */
const CONCURRENCY = 16;
const UNFINISHED: ReadonlySet<string> = new Set(['running', 'compensating']);

/** Places all orders and waits until each has ended, whoever began it: in a worker process, or in this one. */
export async function work(job: Job, store: Store, report: (report: Report) => void): Promise<void> {
  const points = new CrashPoints(job.killAt, (point) => job.listPoints && report({ type: 'point', point }));
  const world = openWorld({
    file: job.world,
    weather: job.weather,
    onEffect: points.onEffect,
    ...(job.refuse ? { refuse: job.refuse } : {}),
  });
  provide(world);
  const events = createEventBus();
  events.on('*', (event) => {
    report(told(event));
    points.onEvent(event);
  });

  const { ended, left, fresh } = await sort(job.orders, store);
  const app = await redress({
    container,
    store: points.watch(store),
    environment: { events },
    lease: job.leaseMs,
    poll: Math.min(200, job.leaseMs / 4),
  });
  report({ type: 'ready', left: left.length });

  const orders = container.resolve(OrderService);
  // These answer from the journal. One that is there with other content stops us before anything new is placed.
  await Promise.all(ended.map((order) => place(orders, order)));
  await Promise.all([
    // These wait for the lease of a dead process to end, and take no place from the others meanwhile.
    ...left.map((order) => place(orders, order)),
    inParallel(fresh, CONCURRENCY, (order) => place(orders, order)),
  ]);
  await app.stop();
  world.close();
}

function provide(world: World): void {
  container.register(WAREHOUSE, { useValue: world.warehouse });
  container.register(BANK, { useValue: world.bank });
  container.register(CARRIER, { useValue: world.carrier });
}

async function place(orders: OrderService, order: Order): Promise<void> {
  try {
    await patiently(() => orders.place(order));
  } catch (error) {
    if (error instanceof SagaIdConflictError) {
      throw new UsageError(`Order ${order.id} is in the journal already, with other content: give it a new id, or use another store.`);
    }
    // Endings like others: the journal is asked for them at the end.
    if (error instanceof SagaCompensatedError || error instanceof SagaStuckError) return;
    throw error;
  }
}

interface Sorted {
  readonly ended: readonly Order[];
  /** Somebody began them and did not end them. */
  readonly left: readonly Order[];
  readonly fresh: readonly Order[];
}

async function sort(orders: readonly Order[], store: Store): Promise<Sorted> {
  const statuses = new Map<string, string>();
  for await (const [id, { status }] of runsOf(store, SAGA)) statuses.set(id, status);
  const which = (order: Order): keyof Sorted => {
    const status = statuses.get(order.id);
    if (status === undefined) return 'fresh';
    return UNFINISHED.has(status) ? 'left' : 'ended';
  };
  const sorted: Record<keyof Sorted, Order[]> = { ended: [], left: [], fresh: [] };
  for (const order of orders) sorted[which(order)].push(order);
  return sorted;
}

function told({ name, id = '', step, error }: RedressEvent): Report {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return { type: 'event', name, id, ...(step === undefined ? {} : { step }), ...(typeof code === 'string' ? { code } : {}) };
}
