import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import type { Matcher } from '../base/failure.js';
import { checkOptions } from '../base/options.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';
import { ABORT } from './rules.js';
import type { Repairer, RepairRule } from './rules.js';

/** How a call is repaired. `R`: what repairs it. */
export interface RepairHow<R = Repairer> {
  /**
   * Given a copy of the arguments, and the error, whose `result` is the answer when a detector turned it down. With
   * `then: 'retry'` it answers all arguments anew, as an array, or nothing: the same again; with `continue` the result.
   */
  readonly with: R;
  /** How often, in one call. Default: 1. */
  readonly maxRepairs?: number;
  /** Whether the method is called again, at once, or what the repair answers is the answer. Default: `retry`. */
  readonly then?: 'retry' | 'continue';
  /** Whether the detector looks at the result of a repair. Default: true. */
  readonly verify?: boolean;
}

/** Which errors are repaired, and how. */
export interface RepairOptions<R = Repairer> extends RepairHow<R> {
  readonly on: Matcher | readonly Matcher[];
}

export const repairShape = {
  with: z.function(),
  maxRepairs: z.number().int().min(1).optional(),
  then: z.enum(['retry', 'continue']).optional(),
  verify: z.boolean().optional(),
};
const matcher = z.union([z.string().min(1), z.function()]);
const schema = z.strictObject({ on: z.union([matcher, z.array(matcher).min(1)]), ...repairShape });

/**
 * Repairs a call that failed: calls it again with other arguments, without a pause, or goes on with a repaired result, at
 * which the detector looks first. Its attempts are those of `retry`, where there is one: it never makes more.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `RepairFailedError` when the repair fails.
 */
export function repair(options: RepairOptions, environment?: Environment, subject = 'repair'): Policy<'repair'> {
  checkOptions(subject, schema, options);
  const rules = [repairRule(options, [options.on].flat() as readonly Matcher[])];
  return policyOf('repair', { rules, otherwise: ABORT }, environment);
}

export function repairRule(how: RepairHow, on: readonly Matcher[] | undefined): RepairRule {
  const { maxRepairs = 1, then = 'retry', verify = true } = how;
  return { action: 'repair', on, with: how.with, maxRepairs, then, verify };
}
