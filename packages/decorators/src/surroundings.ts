import type { Environment, Store } from '@redress/core';

/** What policies that outlive a call have of their runtime. */
export interface Surroundings {
  readonly store: Store;
  /** Asked when the runtime stops. */
  readonly endings: Set<() => Promise<void>>;
}

// One for the life of the process, as with the runtimes: a method of one copy of this package finds a runtime of another.
const KEY = Symbol.for('redress.surroundings/1');
const holder = globalThis as unknown as Record<symbol, WeakMap<Environment, Surroundings> | undefined>;
const known = (holder[KEY] ??= new WeakMap());

/** From here on, calls of this environment belong to a runtime with this store. */
export function surround(environment: Environment, store: Store): void {
  known.set(environment, { store, endings: new Set() });
}

export function surroundingsOf(environment: Environment | undefined): Surroundings | undefined {
  return environment && known.get(environment);
}

/** The runtime stops: what its policies have begun beside the calls ends. */
export async function endSurroundings(environment: Environment): Promise<void> {
  const endings = [...(known.get(environment)?.endings ?? [])];
  known.get(environment)?.endings.clear();
  await Promise.all(endings.map((end) => end()));
}
