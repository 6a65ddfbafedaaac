import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { createCodec } from './codec.js';
import type { Codec } from './codec.js';
import { createEventBus } from './events.js';
import type { EventBus } from './events.js';
import { systemRandom } from './random.js';
import type { Random } from './random.js';

/** Time, chance, encoding and news, handed in as one record: nothing in the engine reaches for its own. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly codec: Codec;
  readonly events: EventBus;
}

/** The computer's clock and chance, the default codec and a new event bus, each replaced by what `parts` gives. */
export function createEnvironment(parts: Partial<Environment> = {}): Environment {
  return {
    clock: parts.clock ?? systemClock,
    random: parts.random ?? systemRandom(),
    codec: parts.codec ?? createCodec(),
    events: parts.events ?? createEventBus(),
  };
}
