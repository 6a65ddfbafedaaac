import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import type { TimeoutPolicy } from './limited.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** How long a call may take. */
export interface TimeoutOptions {
  /** 0: as long as it likes. Default: 1 s. */
  readonly value?: Duration;
  /** Each attempt, the wait for a place included, or the whole call with its repetitions and pauses. Default: `attempt`. */
  readonly scope?: 'attempt' | 'total';
  /**
   * `abandon`: the caller is told at once, and the body asked to stop by its signal. `cooperative`: the body is asked to
   * stop and waited for; a result that it gives all the same is the result. Default: `abandon`.
   */
  readonly mode?: 'abandon' | 'cooperative';
  /** What the time of each further attempt is multiplied with. Default: 1. */
  readonly multiplier?: number;
  /** Longest time that `multiplier` leads to. Default: none. */
  readonly maxValue?: Duration;
  /** Given what a body answers after its caller was told that its time is over, to close or undo it. */
  readonly onLate?: (value: unknown) => unknown;
}

const duration = z.union([z.number(), z.string()]);
const schema = z.strictObject({
  value: duration.optional(),
  scope: z.enum(['attempt', 'total']).optional(),
  mode: z.enum(['abandon', 'cooperative']).optional(),
  multiplier: z.number().min(1).optional(),
  maxValue: duration.optional(),
  onLate: z.function().optional(),
});

/**
 * Limits the time of a call, or of each attempt. Its end does three things: the signal is aborted, the caller is told, and
 * the place in a bulkhead is kept until the body has settled. A call that succeeds leaves the signal as it is.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `TimeoutError`.
 */
export function timeout(
  given: TimeoutOptions | Duration = {},
  environment?: Environment,
  subject = 'timeout',
): Policy<'timeout' | 'deadline'> {
  const options: TimeoutOptions = typeof given === 'object' ? given : { value: given };
  checkOptions(subject, schema, options);
  const policy: TimeoutPolicy = {
    valueMs: durationMs(options.value ?? 1000, `${subject}, value`),
    scope: options.scope ?? 'attempt',
    mode: options.mode ?? 'abandon',
    multiplier: options.multiplier ?? 1,
    maxMs: options.maxValue === undefined ? Infinity : durationMs(options.maxValue, `${subject}, maxValue`),
    onLate: options.onLate,
  };
  return policyOf(policy.scope === 'total' ? 'deadline' : 'timeout', policy, environment);
}
