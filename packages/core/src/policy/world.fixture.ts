import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import type { RedressEvent } from '../base/events.js';
import { VirtualClock } from './virtual-clock.fixture.js';

export class E extends Error {}

/** A failure that may pass. */
export const reset = (): Error => Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });

/** A virtual clock, an environment on it, and everything that was told. */
export interface World {
  readonly clock: VirtualClock;
  readonly environment: Environment;
  readonly events: RedressEvent[];
  /** How often an event was told. */
  count(name: string): number;
  /** Runs everything until `ms` have passed. */
  until(ms: number): Promise<void>;
}

export function world(chance: () => number = () => 0.5): World {
  const clock = new VirtualClock();
  const environment = createEnvironment({ clock, random: { next: chance, word: () => 'w' } });
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => void events.push(event));
  return {
    clock,
    environment,
    events,
    count: (name) => events.filter((event) => event.name === name).length,
    async until(ms) {
      await clock.drive(new Promise(() => {}), ms);
      clock.at = ms;
    },
  };
}

export interface Outcome {
  value?: unknown;
  error?: unknown;
  at?: number;
}

/** What becomes of a promise, and when. */
export function watch(clock: VirtualClock, promise: Promise<unknown>): Outcome {
  const outcome: Outcome = {};
  promise.then(
    (value) => Object.assign(outcome, { value, at: clock.at }),
    (error: unknown) => Object.assign(outcome, { error, at: clock.at }),
  );
  return outcome;
}

export const hangs = (): Promise<never> => new Promise(() => {});
