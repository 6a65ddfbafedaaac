import type { Store } from '@redress/core';
import { openJournal, patiently } from '@redress/example-shared';
import type { Invariant } from '@redress/example-shared';
import { readEndings } from './endings.js';
import { checkInvariants } from './invariants.js';
import type { Ending, Order } from './order.js';
import { readFacts } from './world/facts.js';
import type { Facts } from './world/facts.js';

/** What is true when the work is done. */
export interface Audit {
  readonly endings: ReadonlyMap<string, Ending>;
  readonly facts: Facts;
  readonly invariants: readonly Invariant[];
}

/** Compares the journal with the outside world. */
export async function audit(store: Store, world: string, orders: readonly Order[]): Promise<Audit> {
  const endings = await readEndings(store, orders);
  const facts = readFacts(world);
  return { endings, facts, invariants: checkInvariants(facts, orders, endings) };
}

/** The same from where they lie, after those who wrote them are gone. */
export async function auditFiles(files: { readonly store: string; readonly world: string }, orders: readonly Order[]): Promise<Audit> {
  const { store, close } = await patiently(() => openJournal(files.store));
  try {
    return await audit(store, files.world, orders);
  } finally {
    await close();
  }
}
