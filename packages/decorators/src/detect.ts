import { detect } from '@redress/core';
import type { Check, DetectOptions } from '@redress/core';
import type { DetectMethodMark } from './fit-recovery.js';
import { mark, written } from './mark.js';

/**
 * Looks at each answer of the method, and makes an error of one that is not good: `@Detect((price: number) => price > 0)`.
 * A breaker counts it, and it can be repeated, repaired or answered for. In a saga such an attempt has been executed, and is
 * undone.
 * @throws ConfigurationError at definition, when an option does not fit. Calls are rejected with `BadResultError`.
 */
export function Detect<R = unknown>(given: DetectOptions<R> | Check<R>): DetectMethodMark<R> {
  const shown = written('Detect', given);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('policies', shown, place, (subject) => {
      const make = (name: string) => detect(given, undefined, name);
      const { kind } = make(`${subject}, ${shown}`);
      return { shown, kind, make: (_type, name) => make(name), references: [] };
    })) as DetectMethodMark<R>;
}
