import { undoPolicy } from '@redress/core';
import type { UndoOptions } from '@redress/core';
import type { CompensatedMethodMark } from './fit.js';
import { mark, written } from './mark.js';

export interface CompensateOptions<S, A> extends UndoOptions {
  /** Another method that undoes this one, called with the same facts and a key of its own when the first has failed for good. */
  readonly alternate?: (self: S) => A;
}

/**
 * Names the method that undoes this one, by reference: `@Compensate((p: Payments) => p.refund)`. It makes the method a
 * step. The handler takes one argument, `Undo<Payments, 'charge'>`, whose result may be unknown; it may be
 * TypeScript-`private`, never `#private`. It is called by name, so that an override applies.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Compensate<S, H, A = H>(reference: (self: S) => H, options: CompensateOptions<S, A> = {}): CompensatedMethodMark<S, H, A> {
  const shown = written('Compensate', reference);
  const { alternate, ...policy } = options;
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('compensate', shown, place, (subject) => ({
      shown,
      reference,
      policy: undoPolicy(`${subject}, @Compensate`, policy),
      ...(alternate && { alternate: { reference: alternate as (self: never) => unknown, shown: `the alternate of ${shown}` } }),
    }))) as CompensatedMethodMark<S, H, A>;
}
