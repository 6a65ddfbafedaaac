import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import type { Problem } from '../base/errors.js';
import type { Chain } from './call.js';
import { fuse } from './chain.js';
import type { Parts } from './chain.js';
import type { Kind, Policy } from './policy.js';

/**
 * One function of several policies, in their order and not in the given one; for those who make calls of their own, as
 * decorators do. `guard` is for everybody else.
 * @throws ConfigurationError when there are two of one kind; `subject` names what they stand around.
 */
export function compose(policies: readonly Policy[], environment: Environment | undefined, subject: string): Chain {
  const parts: Partial<Record<Kind, unknown>> = {};
  const twice = policies.filter(({ kind, part }) => {
    const isThere = parts[kind] !== undefined;
    parts[kind] = part;
    return isThere;
  });
  const problems: Problem[] = twice.map(({ kind }) => ({
    subject,
    cause: `It has two policies of the kind "${kind}".`,
    remedy: 'Keep one of them.',
  }));
  const { recover, timeout } = parts as Parts;
  const rules = recover ? [...recover.rules, recover.otherwise] : [];
  if (rules.some((rule) => rule.action === 'retry' && rule.multiplier > 1) && !timeout) {
    const remedy = 'Add a time-out of each attempt, or leave the multiplier out.';
    problems.push({ subject, cause: 'A rule has a multiplier, and there is no time-out that it could make longer.', remedy });
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return fuse(parts as Parts, environment);
}
