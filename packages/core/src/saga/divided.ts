import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';
import { StoreError } from '../base/errors.js';
import type { Verbs } from './verbs.js';

const TRIES = 300;
/** Less than a worker waits between two looks: what is given back before it is claimed need not be held. */
const PAUSE_MS = 200;

/** Tries while the store does not answer, and others write meanwhile; nothing waits for it. */
export async function insist(clock: Clock, work: () => Promise<void>): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === 'STORE_CLOSED') return;
      await sleep(clock, PAUSE_MS, undefined, true);
    }
  }
}

/**
 * The store holds another story of a run than the process that drove it: both may have had effects. The run is held, so that
 * nobody goes on before a person has looked. A run that has ended or is stuck keeps everybody from going on by itself.
 */
export function holdDivided(clock: Clock, verbs: Verbs, saga: string, id: string, why: string): Promise<void> {
  return insist(clock, () => verbs.hold(saga, id, { who: 'redress', why }));
}
