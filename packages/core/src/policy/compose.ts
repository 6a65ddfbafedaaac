import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import type { Problem } from '../base/errors.js';
import type { Chain } from './call.js';
import type { Parts } from './chain.js';
import { isIntercepting, withInterceptors } from './intercept.js';
import type { Intercepting } from './intercept.js';
import { observed } from './observed.js';
import type { Kind, Policy } from './policy.js';

/**
 * One function of several policies, in their order and not in the given one; for those who make calls of their own, as
 * decorators do. `guard` is for everybody else. `scope`: put around all attempts, and within the fallback.
 * @throws ConfigurationError when there are two of one kind; `subject` names what they stand around.
 */
export function compose(
  given: readonly (Policy | Intercepting)[],
  environment: Environment | undefined,
  subject: string,
  scope?: (inner: Chain) => Chain,
): Chain {
  const parts: Partial<Record<Kind, unknown>> = {};
  const interceptors: Intercepting[] = [];
  const problems: Problem[] = [];
  for (const one of given) {
    if (isIntercepting(one)) {
      interceptors.push(one);
      continue;
    }
    const { kind, part } = one;
    if (parts[kind] !== undefined)
      problems.push({ subject, cause: `It has two policies of the kind "${kind}".`, remedy: 'Keep one of them.' });
    parts[kind] = part;
  }
  const { recover, timeout } = parts as Parts;
  const rules = recover ? [...recover.rules, recover.otherwise] : [];
  if (rules.some((rule) => rule.action === 'retry' && rule.multiplier > 1) && !timeout) {
    const remedy = 'Add a time-out of each attempt, or leave the multiplier out.';
    problems.push({ subject, cause: 'A rule has a multiplier, and there is no time-out that it could make longer.', remedy });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  const chain = observed({ ...(parts as Parts), ...(scope && { scope }) }, environment);
  return interceptors.length === 0 ? chain : withInterceptors(interceptors, chain);
}
