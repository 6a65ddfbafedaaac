import type { Head, Store } from '@redress/core';
import { patiently, runsOf } from '@redress/example-shared';
import type { Ending, Order } from './order.js';

export const SAGA = 'PlaceOrder';

/** Asks the journal how each order ended. Orders that it does not hold are left out. */
export async function readEndings(store: Store, orders: readonly Order[]): Promise<ReadonlyMap<string, Ending>> {
  const wanted = new Set(orders.map(({ id }) => id));
  const endings = new Map<string, Ending>();
  for await (const [id, head] of runsOf(store, SAGA)) {
    if (wanted.has(id)) endings.set(id, await endingOf(store, head));
  }
  return endings;
}

async function endingOf(store: Store, head: Head): Promise<Ending> {
  if (head.status === 'completed') return 'shipped';
  if (head.status === 'stuck') return 'stuck';
  if (head.status !== 'compensated') return 'unfinished';
  const loaded = await patiently(() => store.load(head.id));
  const undone = loaded?.entries.some(({ type }) => type === 'undo.completed') ?? false;
  return undone ? 'undone' : 'refused';
}
