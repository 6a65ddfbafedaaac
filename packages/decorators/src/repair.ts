import { repair } from '@redress/core';
import type { Policy, Repairer, RepairOptions } from '@redress/core';
import type { RepairedMethodMark } from './fit-recovery.js';
import { mark, written } from './mark.js';
import { calling } from './policies.js';
import type { Class } from './registry.js';

/** As those of `repair`, with a method of the class: `(self: TheClass) => self.sanitize`. */
export interface MethodRepairOptions<S, P, H extends 'retry' | 'continue'> extends Omit<RepairOptions, 'with' | 'then'> {
  /**
   * Given a copy of the arguments, and the error. With `then: 'retry'` it answers all arguments anew, as a tuple, or nothing;
   * with `continue` the result.
   */
  readonly with: (self: S) => P;
  /** Whether the method is called again, at once, or what the repair answers is the answer. Default: `retry`. */
  readonly then?: H;
}

/**
 * Repairs a call that failed: `@Repair({ on: InvalidDataError, with: (orders: Orders) => orders.sanitize })`. Its attempts are
 * those of `@Retry`, where there is one. The repairing method is called by name, so that an override applies. In a saga a
 * repaired answer settles nothing about attempts whose outcome nobody learned, and the undo is given the caller's arguments:
 * what it needs of the repaired ones, the repair notes with `step().note`.
 * @throws ConfigurationError at definition, when an option does not fit. Calls are rejected with `RepairFailedError`.
 */
export function Repair<S, P extends Repairer, H extends 'retry' | 'continue' = 'retry'>(
  options: MethodRepairOptions<S, P, H>,
): RepairedMethodMark<S, P, H> {
  const shown = written('Repair', options);
  const reference = options.with as (self: never) => P;
  const make = (how: Repairer, subject: string): Policy => repair({ ...options, with: how }, undefined, subject);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('policies', shown, place, (subject) => {
      const { kind } = make(options.with as Repairer, `${subject}, ${shown}`);
      const at = (type: Class, name: string): Policy => make(calling(type, name, { shown, reference }), name);
      return { shown, kind, make: at, references: [{ shown, reference }] };
    })) as RepairedMethodMark<S, P, H>;
}
