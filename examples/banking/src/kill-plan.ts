import { seeded } from '@redress/example-shared';
import type { Report } from './messages.js';

/** Events of a transfer, on average: 9, and fewer where much is refused. A low guess: the last kill is due before the work ends. */
const EVENTS_PER_TRANSFER = 8;
/** Part of the pause between two kills for which the chosen worker is waited for. */
const PATIENCE = 0.1;
const COUNTED = /^(step\.(started|completed|refused)|undo\.completed|saga\.(completed|compensated))$/;

/**
 * When somebody is killed, and who: first whoever sent the first payment to another bank, when the clearing house has
 * accepted it and before it has answered, so that there is something to see; then at moments and of workers that the
 * seed chooses, spread over the whole.
 */
export class KillPlan {
  readonly #due: { readonly at: number; readonly worker: number }[];
  #first: string | undefined;
  readonly #patience: number;
  #count = 0;

  /** `first`: the transfer whose answer is cut off. */
  constructor(
    kills: number,
    { transfers, workers, first, seed }: { transfers: number; workers: number; first: string | undefined; seed: number },
  ) {
    const random = seeded(seed);
    const total = transfers * EVENTS_PER_TRANSFER;
    this.#first = kills > 0 ? first : undefined;
    const others = kills - (this.#first === undefined ? 0 : 1);
    this.#patience = (PATIENCE * total) / Math.max(others, 1);
    this.#due = Array.from({ length: others }, (_, k) => ({
      at: (total * (k + 0.2 + random() * 0.6)) / others,
      worker: 1 + Math.floor(random() * workers),
    }));
  }

  /** Kills that were planned and not due until now. */
  get left(): number {
    return this.#due.length + (this.#first === undefined ? 0 : 1);
  }

  /** Whether the worker that told this is to be killed now. */
  isDue(worker: number, report: Report, doomed = false): boolean {
    if (report.type === 'event' && COUNTED.test(report.name)) this.#count++;
    // Nobody dies twice.
    if (doomed) return false;
    if (this.#first !== undefined) {
      if (!cutsOff(this.#first, report)) return false;
      this.#first = undefined;
      return true;
    }
    const next = this.#due[0];
    if (!next || this.#count < next.at) return false;
    // One that has nothing to say is not waited for.
    if (worker !== next.worker && this.#count < next.at + this.#patience) return false;
    this.#due.shift();
    return true;
  }
}

/** Or when it has ended, if it never gets there. */
function cutsOff(id: string, report: Report): boolean {
  if (report.type === 'accepted') return report.id === id;
  return report.type === 'event' && report.id === id && /^saga\.(completed|compensated)$/.test(report.name);
}
