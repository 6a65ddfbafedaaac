import type { Store } from '@redress/core';
import type { Invariant } from '@redress/example-shared';
import { readEndings } from './endings.js';
import { balanceOf, checkInvariants } from './invariants.js';
import type { Balance } from './invariants.js';
import type { Ending, Transfer } from './transfer.js';
import { readFacts } from './world/facts.js';
import type { Facts } from './world/facts.js';

/** What is true when the work is done. */
export interface Audit {
  readonly endings: ReadonlyMap<string, Ending>;
  readonly facts: Facts;
  readonly balance: Balance;
  readonly invariants: readonly Invariant[];
}

/** Compares the journal with the outside world. */
export async function audit(store: Store, world: string, transfers: readonly Transfer[]): Promise<Audit> {
  const facts = readFacts(world);
  const endings = await readEndings(store, transfers, facts);
  return { endings, facts, balance: balanceOf(facts), invariants: checkInvariants(facts, transfers, endings) };
}
