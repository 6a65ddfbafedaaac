import type { Ended, Weather } from '@redress/example-shared';
import type { Transfer } from './transfer.js';

/** What the parent asks of a worker: all of its share, each time; what is done already is found in the journal. */
export interface Job {
  readonly transfers: readonly Transfer[];
  /** File of the journal: the same for all workers. */
  readonly store: string;
  /** File of the outside world. */
  readonly world: string;
  readonly weather: Weather;
  readonly clearingWeather: Weather;
  readonly leaseMs: number;
}

/** What the parent says later: every transfer has ended or waits for a person, wherever it was begun. */
export const STOP = 'stop';

/** What a worker tells on its way. */
export type Report =
  /** The worker is up; so many of its transfers were left unfinished by whoever came before. */
  | { readonly type: 'ready'; readonly left: number }
  | { readonly type: 'event'; readonly name: string; readonly id: string; readonly step?: string; readonly code?: string }
  /** The clearing house has accepted this one, and its answer is on the way. */
  | { readonly type: 'accepted'; readonly id: string }
  /** Its share is given out: from here on it goes on with what others left. */
  | { readonly type: 'placed' }
  | Ended;
