import type { Runtime } from '@redress/core';
import { unusable } from './binding.js';
import type { Binding } from './binding.js';
import { complete } from './class-marks.js';
import type { Class } from './registry.js';
import { surround } from './surroundings.js';

interface Runtimes {
  readonly living: Set<Binding>;
  readonly byRuntime: WeakMap<Runtime, Binding>;
  readonly byInstance: WeakMap<object, Binding>;
}

// One for the life of the process, as with the marks: a method of one copy of this package finds a runtime of another.
const KEY = Symbol.for('redress.runtimes/1');
const holder = globalThis as unknown as Record<symbol, Runtimes | undefined>;
const shared: Runtimes = (holder[KEY] ??= { living: new Set(), byRuntime: new WeakMap(), byInstance: new WeakMap() });

/** From here on the marked methods find it, and the objects that its container resolves belong to it. */
export function begin(binding: Binding, runtime: Runtime): void {
  binding.attach(runtime, (instance) => shared.living.has(binding) && own(binding, instance));
  surround(runtime.environment, runtime.store);
  shared.byRuntime.set(runtime, binding);
  shared.living.add(binding);
}

/** From here on only the runs that are under way find it. */
export function end(binding: Binding): void {
  shared.living.delete(binding);
}

/** Another name for the same runtime. */
export function alias(runtime: Runtime, binding: Binding): void {
  shared.byRuntime.set(runtime, binding);
}

export function bindingOfRuntime(runtime: Runtime): Binding | undefined {
  return shared.byRuntime.get(runtime);
}

/** Says that an object belongs to a runtime. Without `anew`, one that belongs to another living runtime stays there. */
export function own(binding: Binding, instance: object, anew = false): void {
  complete(instance.constructor as Class);
  const other = shared.byInstance.get(instance);
  if (anew || !other || !shared.living.has(other)) shared.byInstance.set(instance, binding);
}

/**
 * The runtime of an object: the one it is bound to, else the only one that lists its class, else the only one that is
 * there. A stopped one does not count.
 */
export function findBinding(instance: object): Binding | undefined {
  const own = shared.byInstance.get(instance);
  if (own && shared.living.has(own)) return own;
  const candidates = candidatesFor(instance);
  return candidates.length === 1 ? candidates[0] : undefined;
}

/** Whether several runtimes might be meant. */
export const isAmbiguous = (instance: object): boolean => !findBinding(instance) && candidatesFor(instance).length > 1;

function candidatesFor(instance: object): readonly Binding[] {
  const living = [...shared.living];
  const naming = living.length > 1 ? living.filter((one) => one.names(instance)) : [];
  return naming.length > 0 ? naming : living;
}

/** The same, or of the run that calls. @throws ConfigurationError that says what to do when there is none, or several. */
export function bindingOf(instance: object, subject: string, runtime?: Runtime): Binding {
  const name = instance.constructor.name;
  if (runtime) {
    const binding = shared.byRuntime.get(runtime);
    if (binding) return binding;
    throw unusable(
      'CONFIG_UNKNOWN_CLASS',
      subject,
      'The runtime of this run knows no classes.',
      `Call bind(runtime, ${name}, () => theObject) before.`,
    );
  }
  const found = findBinding(instance);
  if (found) return found;
  const several = candidatesFor(instance).length;
  if (several > 0) {
    throw unusable(
      'CONFIG_AMBIGUOUS_RUNTIME',
      subject,
      `There are ${several} runtimes, and nothing says which one this object belongs to.`,
      `Call bind(app, the${name}) with the object, or list ${name} in the "classes" of one of them.`,
    );
  }
  throw unusable(
    'CONFIG_NO_RUNTIME',
    subject,
    'A saga was called, and there is no runtime to keep it.',
    'Call await redress({ container, store }) before.',
  );
}
