import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import { Bulkhead, KeyedBulkheads } from './places.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** How many calls run at once. */
export interface BulkheadOptions {
  /** Calls that run at once. Default: 10. */
  readonly value?: number;
  /** Calls that wait for a place; 0: none does. Default: 10. */
  readonly waitingTaskQueue?: number;
  /** Who waits longest goes first, or who came last. Default: `fifo`. */
  readonly order?: 'fifo' | 'lifo';
  /** `invocation`: a call keeps its place during its pauses and repetitions, and until its last body has settled. Default: `attempt`. */
  readonly scope?: 'attempt' | 'invocation';
  /** Places for each answer, such as each host. */
  readonly key?: (...args: never[]) => string;
  /** Keys that are kept; those used longest ago go first, and none of which a call runs or waits. Default: 1000. */
  readonly maxKeys?: number;
}

const schema = z.strictObject({
  value: z.number().int().min(1).optional(),
  waitingTaskQueue: z.number().int().min(0).or(z.literal(Infinity)).optional(),
  order: z.enum(['fifo', 'lifo']).optional(),
  scope: z.enum(['attempt', 'invocation']).optional(),
  key: z.function().optional(),
  maxKeys: z.number().int().min(1).optional(),
});

/**
 * Limits how many calls run at once. A place is taken until the body has settled, whatever its caller was told.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `BulkheadRejectedError`.
 */
export function bulkhead(
  given: BulkheadOptions | number = {},
  environment?: Environment,
  subject = 'bulkhead',
): Policy<'bulkhead' | 'gate'> & Pick<Bulkhead, 'load'> {
  const options: BulkheadOptions = typeof given === 'number' ? { value: given } : given;
  checkOptions(subject, schema, options);
  const { value = 10, waitingTaskQueue = 10, order = 'fifo', key, maxKeys = 1000 } = options;
  const make = (): Bulkhead => new Bulkhead(value, waitingTaskQueue, order);
  const part = key ? new KeyedBulkheads(key as (...args: readonly unknown[]) => string, maxKeys, make) : make();
  const policy = policyOf(options.scope === 'invocation' ? 'gate' : 'bulkhead', part, environment);
  return Object.defineProperty(policy, 'load', { get: () => part.load }) as Policy<'bulkhead' | 'gate'> & Pick<Bulkhead, 'load'>;
}
