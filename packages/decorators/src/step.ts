import { z } from 'zod';
import { checkOptions } from '@redress/core';
import type { Matcher } from '@redress/core';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';

interface CommonStepOptions {
  /** Stable name. Default: `<Class>.<method>`. */
  readonly name?: string;
  /** Errors that say that no effect happened, besides `RefusedError`. */
  readonly refusedOn?: readonly Matcher[];
  /** False: after an attempt whose outcome is unknown it must not run again. Default: true. */
  readonly repeatable?: boolean;
}

/** One of: `readOnly`, `irreversible`, or a `@Compensate` at the same method. */
export type StepOptions = CommonStepOptions &
  (
    | { readonly readOnly?: never; readonly irreversible?: never }
    /** It changes nothing, so there is nothing to undo. */
    | { readonly readOnly: true; readonly irreversible?: never }
    /** Why it cannot be undone; recorded. */
    | { readonly irreversible: string; readonly readOnly?: never }
  );

const stepOptions = z.strictObject({
  name: z.string().optional(),
  refusedOn: z.array(z.union([z.string(), z.function()])).optional(),
  repeatable: z.boolean().optional(),
  readOnly: z.literal(true).optional(),
  irreversible: z.string().trim().min(1).optional(),
});

/**
 * Makes a method a step: in the body of a saga its outcome is recorded, and after a crash answered from the journal.
 * Outside of a saga it is a plain method. Not needed beside `@Compensate` unless it has options.
 * @throws ConfigurationError at definition, when an option does not fit or it stands at no method.
 */
export function Step(options: StepOptions = {}): MethodMark {
  const shown = written('Step', options);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('step', shown, place, (subject) => {
      checkOptions(`${subject}, ${shown}`, stepOptions, options);
      const { refusedOn = [], repeatable = true, readOnly = false, ...rest } = options;
      return { ...rest, refusedOn, repeatable, readOnly, shown };
    })) as MethodMark;
}
