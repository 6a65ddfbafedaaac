import { ConfigurationError } from '../base/errors.js';
import type { Durability, Store } from '../base/store.js';

const LEVELS: readonly Durability[] = ['process', 'host', 'replicated'];

/** @throws ConfigurationError when what the store answers as written survives less than `requires`. */
export function checkDurability(subject: string, store: Store, requires: Durability | undefined): void {
  if (requires === undefined || LEVELS.indexOf(store.durability) >= LEVELS.indexOf(requires)) return;
  const cause = `it requires the durability "${requires}", and the store gives "${store.durability}".`;
  throw new ConfigurationError([{ subject, cause, remedy: 'Open the store with settings that are as durable, or require less.' }]);
}
