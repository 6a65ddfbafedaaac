import { bulkhead, circuitBreaker, ConfigurationError, fallback, hedge, rateLimit, retryPolicy, timeout } from '@redress/core';
import type { Problem } from '@redress/core';
import { lineOf, MASTER, NAMES, readValue } from './configuration.js';
import type { Configuration, Overrides } from './configuration.js';
import { marksInForce, protect } from './protection.js';
import { methodsOf } from './registry.js';
import type { Class, Method } from './registry.js';

const FALLBACK = ['value', 'applyOn', 'skipOn'];
/** They are switched off or on, and no more. */
const SWITCHES = ['Detect', 'Repair', 'Recover'];
const TRIALS: Readonly<Record<string, (subject: string, options: object) => unknown>> = {
  // One option alone does not clash with another: that is looked at together.
  Retry: (subject, options) => retryPolicy(subject, { delay: 0, maxDelay: '36500d', maxDuration: Infinity, ...options }),
  Timeout: (subject, options) => timeout(options, undefined, subject),
  TotalTimeout: (subject, options) => timeout(options, undefined, subject),
  CircuitBreaker: (subject, options) => circuitBreaker(options, undefined, subject),
  Bulkhead: (subject, options) => bulkhead(options, undefined, subject),
  InvocationBulkhead: (subject, options) => bulkhead(options, undefined, subject),
  RateLimit: (subject, options) => rateLimit(options, undefined, subject),
  Fallback: (subject, options) => fallback({ value: undefined, ...options }, undefined, subject),
  Hedge: (subject, options) => hedge(options, undefined, subject),
};

/** Everything that is wrong with a configuration: keys that mean nothing to these classes, and values that do not fit. */
export function configurationProblems(given: Configuration, overrides: Overrides, types: readonly Class[]): readonly Problem[] {
  const problems = Object.entries(given).flatMap(([key, value]) => problemsOfKey(key, value, types));
  if (problems.length > 0) return problems;
  // Each fits by itself: do they fit together, and with what was written?
  return types.flatMap((type) => [...methodsOf(type).values()].flatMap((method) => problemsTogether(type, method, overrides)));
}

function problemsTogether(type: Class, method: Method, overrides: Overrides): readonly Problem[] {
  if (method.marks.saga.length > 0) return [];
  const { retry, policies } = marksInForce(type, method);
  if (![...retry, ...policies].some((mark) => overrides.optionsFor(type, method.key, mark))) return [];
  return problemsIn(() => protect(method, type, undefined, overrides));
}

function problemsIn(attempt: () => unknown): readonly Problem[] {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

function problemsOfKey(key: string, value: unknown, types: readonly Class[]): readonly Problem[] {
  const subject = `configuration, "${key}"`;
  const parts = key.split('/');
  const [option = '', policy = '', ...where] = parts.toReversed();
  const [method, className] = where.length === 2 ? where : [undefined, where[0]];
  if (key !== MASTER) {
    if (parts.length < 2 || parts.length > 4 || parts.includes('')) {
      return [
        { subject, cause: 'It is no key.', remedy: 'Write Class/method/Retry/maxRetries, Class/Retry/maxRetries or Retry/maxRetries.' },
      ];
    }
    if (!Object.hasOwn(TRIALS, policy) && !SWITCHES.includes(policy)) {
      return [{ subject, cause: `There is no policy "${policy}".`, remedy: `Use one of ${Object.values(NAMES).join(', ')}.` }];
    }
    const nowhere = placeProblem(policy, className, method, types);
    if (nowhere) return [{ subject, ...nowhere }];
  }
  if (option === 'enabled') {
    if (typeof value === 'boolean' || value === 'true' || value === 'false') return [];
    return [{ subject, cause: `${JSON.stringify(value)} says neither yes nor no.`, remedy: 'Write true or false.' }];
  }
  if (option === 'scope' || SWITCHES.includes(policy) || (policy === 'Fallback' && !FALLBACK.includes(option))) {
    return [{ subject, cause: `"${option}" cannot be configured.`, remedy: 'Write it at the decorator.' }];
  }
  return problemsIn(() => TRIALS[policy]?.(subject, { [option]: readValue(key, value) }));
}

function placeProblem(
  policy: string,
  className: string | undefined,
  method: string | undefined,
  types: readonly Class[],
): Omit<Problem, 'subject'> | undefined {
  if (className === undefined) return undefined;
  const named = types.filter((type) => lineOf(type).includes(className));
  if (named.length === 0) {
    return { cause: `This runtime knows no class "${className}".`, remedy: 'Import it before, or list it in "classes".' };
  }
  const methods = named.flatMap((type) => [...methodsOf(type).values()].map((one) => ({ type, one })));
  const meant = method === undefined ? methods : methods.filter(({ one }) => one.key === method);
  if (meant.length === 0)
    return { cause: `${className} has no protected method "${method}".`, remedy: 'Give it a mark, or correct the name.' };
  const has = meant.some(({ type, one }) => {
    const { retry, policies } = marksInForce(type, one);
    return policy === 'Retry' ? retry.length > 0 : policies.some(({ kind }) => NAMES[kind] === policy);
  });
  if (has) return undefined;
  return {
    cause: `${method === undefined ? className : `${className}.${method}`} has no @${policy}.`,
    remedy: 'A configuration changes marks, and adds none: write the decorator.',
  };
}
