import { ConfigurationError } from '@redress/core';
import { voteOf } from './policies.js';
import { methodsOf } from './registry.js';
import type { Class, Quarantine } from './registry.js';

/**
 * The replicas of a method with `@Redundant({ quarantineAfter })` that were outvoted too often and are not asked any more. Those under
 * tokens are the same for all objects of a class that one container holds; those that a function answers belong to the object.
 * @throws ConfigurationError when the method has no replicas of its own.
 */
export function quarantineOf<T extends object>(object: T, method: keyof T & string): Quarantine {
  const found = methodsOf(object.constructor as Class).get(method);
  const desk = found && voteOf(found)?.desk;
  if (desk) return desk(object);
  const subject = `${object.constructor.name}.${method}`;
  const remedy = 'Name a method that has @Redundant with tokens, or with a function that answers objects.';
  throw new ConfigurationError([{ subject, cause: 'It has no replicas.', remedy }]);
}
