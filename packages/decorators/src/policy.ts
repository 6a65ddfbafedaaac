import { bulkhead, hedge, rateLimit, timeout } from '@redress/core';
import type { BulkheadOptions, Duration, HedgeOptions, Policy, RateLimitOptions, TimeoutOptions } from '@redress/core';
import { breakerWith } from './breaker.js';
import type { Around, MethodBreakerOptions } from './breaker.js';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';

/** `make` checks the options, at definition; what it makes there is thrown away. */
function policy(shown: string, make: (subject: string, around: Around) => Policy): MethodMark {
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('policies', shown, place, (subject) => {
      const { kind } = make(`${subject}, ${shown}`, 'defined');
      return { shown, kind, make: (_type, name, around) => make(name, around), references: [] };
    })) as MethodMark;
}

/**
 * Limits the time of each attempt, or with `scope: 'total'` of all of them together; both may stand at one method. In the
 * body `step().signal` is aborted then.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Timeout(options: TimeoutOptions | Duration = {}): MethodMark {
  const shown = typeof options === 'string' ? `@Timeout('${options}')` : written('Timeout', options);
  return policy(shown, (subject) => timeout(options, undefined, subject));
}

/**
 * Makes no calls for a while when many of the last ones failed. Each class, and each runtime, has a breaker of its own; with
 * `shared` those of one name in all processes open and close together.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function CircuitBreaker(options: MethodBreakerOptions = {}): MethodMark {
  return policy(written('CircuitBreaker', options), (subject, around) => breakerWith(options, subject, around));
}

/**
 * Limits how many calls run at once; a number stands for `value`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Bulkhead(options: BulkheadOptions | number = {}): MethodMark {
  return policy(written('Bulkhead', options), (subject) => bulkhead(options, undefined, subject));
}

/**
 * Limits how many calls begin in a time; a number stands for `value`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function RateLimit(options: RateLimitOptions | number = {}): MethodMark {
  return policy(written('RateLimit', options), (subject) => rateLimit(options, undefined, subject));
}

/**
 * Calls again when an answer is slow, and takes the first that comes. Not with `@Step({ repeatable: false })`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Hedge(options: HedgeOptions = {}): MethodMark {
  return policy(written('Hedge', options), (subject) => hedge(options, undefined, subject));
}
