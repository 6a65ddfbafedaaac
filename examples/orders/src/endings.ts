import type { Head, Store } from '@redress/core';
import type { Ending, Order } from './order.js';

const SAGA = 'PlaceOrder';

/** The runs of the saga that the journal holds, by order. */
export async function* runsOf(store: Store): AsyncGenerator<readonly [orderId: string, head: Head]> {
  for (let after: string | undefined; ;) {
    const page = await store.scan({ kind: 'saga', name: SAGA, limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const head of page.heads) yield [head.id.slice(`${SAGA}/`.length), head];
    after = page.next;
    if (after === undefined) return;
  }
}

/** Asks the journal how each order ended. Orders that it does not hold are left out. */
export async function readEndings(store: Store, orders: readonly Order[]): Promise<ReadonlyMap<string, Ending>> {
  const wanted = new Set(orders.map(({ id }) => id));
  const endings = new Map<string, Ending>();
  for await (const [id, head] of runsOf(store)) {
    if (wanted.has(id)) endings.set(id, await endingOf(store, head));
  }
  return endings;
}

async function endingOf(store: Store, head: Head): Promise<Ending> {
  if (head.status === 'completed') return 'shipped';
  if (head.status === 'stuck') return 'stuck';
  if (head.status !== 'compensated') return 'unfinished';
  const loaded = await store.load(head.id);
  const undone = loaded?.entries.some(({ type }) => type === 'undo.completed') ?? false;
  return undone ? 'undone' : 'refused';
}
