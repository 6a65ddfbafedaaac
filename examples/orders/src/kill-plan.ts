import { seeded } from '@redress/example-shared';
import type { Report } from './messages.js';

type Told = Extract<Report, { type: 'event' }>;
type Moment = (event: Told, count: number) => boolean;

/** Events of an order, on average: those that ship tell 7, refused ones fewer. A guess is enough to spread the kills. */
const EVENTS_PER_ORDER = 6;
const COUNTED = /^(step\.(started|completed|refused)|undo\.completed|saga\.(completed|compensated))$/;

/**
 * When the worker is killed: first while the first order is at the carrier, so that there is something to see; then at
 * moments that the seed chooses, spread over the whole.
 */
export class KillPlan {
  readonly #moments: Moment[];
  #count = 0;

  constructor(kills: number, orderIds: readonly string[], seed: number) {
    const random = seeded(seed);
    const total = orderIds.length * EVENTS_PER_ORDER;
    this.#moments = Array.from({ length: kills }, (_, k) => {
      if (k === 0) return atTheCarrier(orderIds[0]);
      const due = (total * (k + 0.2 + random() * 0.6)) / kills;
      return (_event, count) => count >= due;
    });
  }

  /** Kills that were planned and not due until now. */
  get left(): number {
    return this.#moments.length;
  }

  /** Whether the process that told this is to be killed now. */
  isDue(report: Report, doomed = false): boolean {
    if (report.type !== 'event') return false;
    if (COUNTED.test(report.name)) this.#count++;
    // Nobody dies twice.
    if (doomed) return false;
    if (!this.#moments[0]?.(report, this.#count)) return false;
    this.#moments.shift();
    return true;
  }
}

/** Or when it has ended, if it never gets there. */
function atTheCarrier(id: string | undefined): Moment {
  return (event) => event.id === id && (event.step === 'Shipping.ship' || /^saga\.(completed|compensated)$/.test(event.name));
}
