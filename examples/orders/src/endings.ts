import type { Head, Store } from '@redress/core';
import type { Ending, Order } from './order.js';

/** Asks the journal how each order ended. Orders that it does not hold are left out. */
export async function readEndings(store: Store, orders: readonly Order[]): Promise<ReadonlyMap<string, Ending>> {
  const wanted = new Set(orders.map(({ id }) => id));
  const endings = new Map<string, Ending>();
  for (let after: string | undefined; ; ) {
    const page = await store.scan({ kind: 'saga', name: 'PlaceOrder', limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const head of page.heads) {
      const id = head.tags['id'] ?? head.id;
      if (wanted.has(id)) endings.set(id, await endingOf(store, head));
    }
    if (page.next === undefined) return endings;
    after = page.next;
  }
}

async function endingOf(store: Store, head: Head): Promise<Ending> {
  if (head.status === 'completed') return 'shipped';
  if (head.status === 'stuck') return 'stuck';
  if (head.status !== 'compensated') return 'unfinished';
  const loaded = await store.load(head.id);
  const undone = loaded?.entries.some(({ type }) => type === 'undo.completed') ?? false;
  return undone ? 'undone' : 'refused';
}
