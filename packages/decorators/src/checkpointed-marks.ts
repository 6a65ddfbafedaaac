import type { CheckpointOptions } from '@redress/core';
import { classOf, prototypes } from './registry.js';
import type { Class } from './registry.js';

/** How the objects of a class are checkpointed. */
export interface CheckpointedOptions<S = never> extends Omit<CheckpointOptions, 'id' | 'transient' | 'environment' | 'afterRestore'> {
  /** Names an object for ever, such as `(account: Account) => account.no`. With it, checkpoints are kept in the store of the runtime. */
  readonly id?: (self: S) => string;
  /** `ignored`: its `#private` fields are no state. Nothing can see them, so a class that has any is refused without it. */
  readonly privateFields?: 'ignored';
}

interface Shared {
  readonly classes: WeakMap<object, CheckpointedOptions>;
  /** By prototype, or by class where standard decorators have written it down. */
  readonly transients: WeakMap<object, Set<string>>;
  readonly restored: WeakMap<object, Set<string>>;
}

// One for the life of the process, also when two copies of this package are loaded: they must see the same marks.
const KEY = Symbol.for('redress.checkpointed/1');
const holder = globalThis as unknown as Record<symbol, Shared | undefined>;
const shared: Shared = (holder[KEY] ??= { classes: new WeakMap(), transients: new WeakMap(), restored: new WeakMap() });

export function markClass(type: Class, options: CheckpointedOptions): void {
  shared.classes.set(type.prototype as object, options);
}

/** What the mark at this class, or at the nearest one that it extends, says. */
export function classMark(prototype: object): CheckpointedOptions | undefined {
  for (const one of [prototype, ...prototypes(prototype)]) {
    const mark = shared.classes.get(one);
    if (mark) return mark;
  }
  return undefined;
}

function note(all: WeakMap<object, Set<string>>, prototype: object, key: string): void {
  const known = all.get(prototype) ?? new Set();
  all.set(prototype, known.add(key));
}

export const noteTransient = (prototype: object, key: string): void => note(shared.transients, prototype, key);
export const noteRestored = (prototype: object, key: string): void => note(shared.restored, prototype, key);

function noted(all: WeakMap<object, Set<string>>, object: object): readonly string[] {
  return [...new Set([...prototypes(object)].reverse().flatMap((one) => [...(all.get(one) ?? [])]))];
}

export const transientsOf = (object: object): readonly string[] => noted(shared.transients, object);
/** Methods to be called after a restore, those of base classes first. */
export const restoredOf = (object: object): readonly string[] => noted(shared.restored, object);

/** The name that the objects of a class are kept under: that of the marked class. */
export function markedName(object: object): string {
  const home = [...prototypes(object)].find((one) => shared.classes.has(one));
  return (home && classOf(home)?.name) ?? object.constructor.name;
}
