import type { Ended, Weather } from '@redress/example-shared';
import type { CrashPoint } from './crash.js';
import type { Step } from './operations.js';
import type { Order } from './order.js';

/** What the parent asks of a worker: the whole of it, each time; what is done already is found in the journal. */
export interface Job {
  readonly orders: readonly Order[];
  /** File of the journal. */
  readonly store: string;
  /** File of the outside world. */
  readonly world: string;
  readonly weather: Weather;
  readonly leaseMs: number;
  readonly refuse?: Step;
  readonly killAt?: CrashPoint;
  /** Tell the parent each place where one can die. */
  readonly listPoints?: boolean;
}

/** What a worker tells on its way. */
export type Report =
  /** The worker is up; so many runs were left unfinished by whoever came before. */
  | { readonly type: 'ready'; readonly left: number }
  | { readonly type: 'event'; readonly name: string; readonly id: string; readonly step?: string; readonly code?: string }
  | { readonly type: 'point'; readonly point: CrashPoint }
  | Ended;
