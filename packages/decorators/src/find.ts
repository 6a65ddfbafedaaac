import type { Runtime } from '@redress/core';
import { unusable } from './binding.js';
import type { Binding } from './binding.js';
import { shared } from './registry.js';

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
