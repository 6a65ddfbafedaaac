import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import type { Chain } from './call.js';
import type { Parts } from './chain.js';
import { isIntercepting, withInterceptors } from './intercept.js';
import type { Intercepting } from './intercept.js';
import { observed } from './observed.js';
import type { Kind, Policy } from './policy.js';

/**
 * One function of several policies, in their order and not in the given one; for those who make calls of their own, as
 * decorators do. `guard` is for everybody else.
 * @throws ConfigurationError when there are two of one kind; `subject` names what they stand around.
 */
export function compose(given: readonly (Policy | Intercepting)[], environment: Environment | undefined, subject: string): Chain {
  const parts: Partial<Record<Kind, unknown>> = {};
  const interceptors: Intercepting[] = [];
  const twice: Policy[] = [];
  for (const one of given) {
    if (isIntercepting(one)) {
      interceptors.push(one);
      continue;
    }
    if (parts[one.kind] !== undefined) twice.push(one);
    parts[one.kind] = one.part;
  }
  if (twice.length === 0) {
    const chain = observed(parts as Parts, environment);
    return interceptors.length === 0 ? chain : withInterceptors(interceptors, chain);
  }
  throw new ConfigurationError(
    twice.map(({ kind }) => ({ subject, cause: `It has two policies of the kind "${kind}".`, remedy: 'Keep one of them.' })),
  );
}
