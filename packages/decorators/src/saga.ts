import { z } from 'zod';
import { checkOptions, durationMs, retentionMs } from '@redress/core';
import type { Duration, Durability, Retention, Schema, Tags } from '@redress/core';
import type { SagaMethodMark } from './fit.js';
import { mark, written } from './mark.js';

export interface SagaOptions<A extends readonly unknown[] = readonly unknown[], O = unknown, G extends readonly unknown[] = A> {
  /** The run's id from the method's arguments: the same id is the same run. Annotate its parameters. Default: a random id. */
  readonly id?: (...args: A) => string;
  /** What `admin.list` finds the run by, from the method's arguments, such as `(order) => ({ customer: order.customer })`. Default: none. */
  readonly tags?: (...args: G) => Tags;
  /** Stable name. Default: `<Class>.<method>`. */
  readonly name?: string;
  /** Raise it when the body changes in a way that a running replay would notice. Default: 1. */
  readonly version?: number;
  /** Refuse to boot on a store that survives less. Default: any store. */
  readonly requires?: Durability;
  /** Checks the first argument before anything is written: any Standard Schema. */
  readonly input?: Schema<O>;
  /** After this long the run goes backward, unless its pivot has passed. Default: never. */
  readonly deadline?: Duration;
  /** How long completed and compensated runs are kept after their end. Default: what the runtime's option says. */
  readonly retention?: Retention;
}

const sagaOptions = z.strictObject({
  id: z.function().optional(),
  tags: z.function().optional(),
  name: z.string().optional(),
  version: z.number().int().min(1).optional(),
  requires: z.enum(['process', 'host', 'replicated']).optional(),
  input: z
    .looseObject({ '~standard': z.looseObject({ validate: z.function() }) })
    .or(z.function())
    .optional(),
  deadline: z.union([z.number(), z.string()]).optional(),
  retention: z.union([z.number(), z.string()]).optional(),
});

/**
 * Makes a method a durable saga: its run survives the process, goes on or is undone anywhere. The method must return a
 * promise, and needs a runtime, see `redress()`.
 * @throws ConfigurationError at definition, when an option does not fit; when called, `CONFIG_NO_RUNTIME`,
 * `CONFIG_AMBIGUOUS_RUNTIME`.
 */
export function Saga<A extends readonly unknown[] = readonly unknown[], O = unknown, G extends readonly unknown[] = readonly unknown[]>(
  options: SagaOptions<A, O, G> = {},
): SagaMethodMark<A, O, G> {
  const shown = written('Saga', options);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('saga', shown, place, (subject) => {
      checkOptions(`${subject}, ${shown}`, sagaOptions, options);
      const { version = 1, deadline, retention, ...rest } = options;
      const limit = deadline === undefined ? {} : { deadlineMs: durationMs(deadline, `${subject}, deadline`) };
      const kept = retention === undefined ? {} : { retentionMs: retentionMs(retention, `${subject}, retention`) };
      return { ...rest, ...limit, ...kept, version, shown };
    })) as SagaMethodMark<A, O, G>;
}
