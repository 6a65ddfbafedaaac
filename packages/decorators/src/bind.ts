import type { Runtime } from '@redress/core';
import { Binding, unusable } from './binding.js';
import type { Entry } from './binding.js';
import { begin, bindingOfRuntime, end, own } from './find.js';
import { methodsOf } from './registry.js';
import type { Class } from './registry.js';

/**
 * Says which runtime an object belongs to, or where the object of a class is found. Works without any container. With
 * a container, a bound object is only told apart; undo and recovery still take what the container resolves.
 * Answers a function that takes a runtime out of the search that was not made by `redress()`.
 * @throws ConfigurationError with all problems of the class, or when two objects of one class are bound without
 * `resolve` to choose between them.
 */
export function bind<T extends object>(runtime: Runtime, type: Class<T>, resolve?: () => T): () => void;
export function bind(runtime: Runtime, instance: object): () => void;
export function bind(runtime: Runtime, target: object, resolve?: () => object): () => void {
  const binding = bindingOfRuntime(runtime) ?? bindingFor(runtime);
  if (typeof target === 'function') {
    binding.adopt([{ type: target as Class, ...(resolve && { resolve }) }], true);
  } else {
    const entry = entryOf(binding, target);
    if ('cause' in entry) throw unusable('CONFIG_AMBIGUOUS_INSTANCE', entry.subject, entry.cause, entry.remedy);
    binding.adopt([entry], true);
    own(binding, target, true);
  }
  return () => end(binding);
}

function bindingFor(runtime: Runtime): Binding {
  const binding = new Binding(runtime.store.durability, undefined, false);
  begin(binding, runtime);
  return binding;
}

/** The class of an object to bind, with the object itself as the place to find it when there is no container. */
export function entryOf(binding: Binding, instance: object): Entry | { subject: string; cause: string; remedy: string } {
  const type = instance.constructor as Class;
  const subject = type.name;
  if (methodsOf(type).size === 0) {
    return {
      subject,
      cause: 'An object of it was bound, and none of its methods has a mark.',
      remedy: 'Mark a method with @Saga, @Step, @Compensate or @Retry, or leave it out.',
    };
  }
  if (binding.container) return { type };
  const other = binding.instanceOf(type);
  if (other !== undefined && other !== instance) {
    return {
      subject,
      cause: 'Two objects of it were bound, and nothing says on which one a step is undone.',
      remedy: `Call bind(app, ${subject}, () => theObject).`,
    };
  }
  return other === undefined ? { type, resolve: () => instance } : { type };
}
