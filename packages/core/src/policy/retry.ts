import type { Environment } from '../base/environment.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';
import { retryPolicy } from './retry-policy.js';
import type { RetryOptions, RetryPolicy } from './retry-policy.js';

/**
 * Repeats a call that failed. What comes out in the end is the last error itself, untouched. When the call's signal is
 * aborted, a pause ends at once with the signal's reason. A pause that would reach `maxDuration` or the deadline is not
 * started. With `call.repeatable` false, only failures that never reached the other side are repeated. Clock and chance
 * come from `environment`, else from the call's.
 */
export function retry(given: RetryOptions | RetryPolicy | number = {}, environment?: Environment): Policy<'retry'> {
  const policy = typeof given === 'object' && 'delayMs' in given ? given : retryPolicy('retry', given);
  return policyOf('retry', policy, environment);
}
