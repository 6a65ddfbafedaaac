import { z } from 'zod';
import { checkOptions } from '@redress/core';
import type { Matcher, Probe, ProbeAnswer } from '@redress/core';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';

interface CommonStepOptions<S> {
  /** Stable name. Default: `<Class>.<method>`. */
  readonly name?: string;
  /** Errors that say that no effect happened, besides `RefusedError`. */
  readonly refusedOn?: readonly Matcher[];
  /** False: after an attempt whose outcome is unknown it must not run again. Default: true. */
  readonly repeatable?: boolean;
  /** The point of no return: once it is done the run only goes forward, and later steps are repeated until they succeed. */
  readonly pivot?: true;
  /** For pivots: a method that asks the outside what became of a call whose outcome is unknown. */
  readonly probe?: (self: S) => (asked: Probe<never>) => Promise<ProbeAnswer>;
  /** A refused call is undone too. Default: false. */
  readonly compensateRefused?: true;
  /** The run goes backward when it fails, whatever the body makes of the failure. Default: false. */
  readonly fatal?: true;
}

/** One of: `readOnly`, `irreversible`, or a `@Compensate` at the same method. */
export type StepOptions<S = never> = CommonStepOptions<S> &
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
  pivot: z.literal(true).optional(),
  probe: z.function().optional(),
  compensateRefused: z.literal(true).optional(),
  fatal: z.literal(true).optional(),
  readOnly: z.literal(true).optional(),
  irreversible: z.string().trim().min(1).optional(),
});

/**
 * Makes a method a step: in the body of a saga its outcome is recorded, and after a crash answered from the journal.
 * Outside of a saga it is a plain method. Not needed beside `@Compensate` unless it has options.
 * @throws ConfigurationError at definition, when an option does not fit or it stands at no method.
 */
export function Step<S = never>(options: StepOptions<S> = {}): MethodMark {
  const shown = written('Step', options);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('step', shown, place, (subject) => {
      checkOptions(`${subject}, ${shown}`, stepOptions, options);
      const { refusedOn = [], repeatable = true, readOnly = false, probe, ...rest } = options;
      const asks = probe && { probe: { reference: probe as (self: never) => unknown, shown: `the probe of ${shown}` } };
      return { ...rest, ...asks, refusedOn, repeatable, readOnly, shown };
    })) as MethodMark;
}
