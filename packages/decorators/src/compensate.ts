import { undoPolicy } from '@redress/core';
import type { UndoOptions } from '@redress/core';
import type { CompensatedMethodMark } from './fit.js';
import { mark, written } from './mark.js';

/**
 * Names the method that undoes this one, by reference: `@Compensate((p: Payments) => p.refund)`. It makes the method a
 * step. The handler takes one argument, `Undo<Payments, 'charge'>`, whose result may be unknown; it may be
 * TypeScript-`private`, never `#private`. It is called by name, so that an override applies.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Compensate<S, H>(reference: (self: S) => H, options?: UndoOptions): CompensatedMethodMark<S, H> {
  const shown = written('Compensate', reference);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('compensate', shown, place, (subject) => ({
      shown,
      reference,
      policy: undoPolicy(`${subject}, @Compensate`, options),
    }))) as CompensatedMethodMark<S, H>;
}
