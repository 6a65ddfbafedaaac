import type { Head, Store } from '@redress/core';
import { patiently, runsOf } from '@redress/example-shared';
import type { Ending, Transfer } from './transfer.js';
import type { Facts } from './world/facts.js';

/** The saga's stable name. */
export const SAGA = 'Transfer';

/**
 * Asks the journal how each transfer ended; those that it does not hold are left out. One that has not ended waits when
 * a case of it lies open in the review office.
 */
export async function readEndings(
  store: Store,
  transfers: readonly Transfer[],
  { cases }: Pick<Facts, 'cases'>,
): Promise<ReadonlyMap<string, Ending>> {
  const wanted = new Set(transfers.map(({ id }) => id));
  const reviewed = new Set(cases.filter(({ state }) => state === 'open').map(({ transfer }) => transfer));
  const endings = new Map<string, Ending>();
  for await (const [id, head] of runsOf(store, SAGA)) {
    if (wanted.has(id)) endings.set(id, await endingOf(store, head, reviewed.has(id)));
  }
  return endings;
}

async function endingOf(store: Store, head: Head, inReview: boolean): Promise<Ending> {
  if (head.status === 'completed') return 'completed';
  if (head.status === 'stuck') return 'stuck';
  if (head.status === 'running' && inReview) return 'waiting';
  if (head.status !== 'compensated') return 'unfinished';
  const loaded = await patiently(() => store.load(head.id));
  const undone = loaded?.entries.some(({ type }) => type === 'undo.completed') ?? false;
  return undone ? 'undone' : 'refused';
}
