import { bulkhead, hedge, rateLimit, timeout } from '@redress/core';
import type { BulkheadOptions, Duration, HedgeOptions, Policy, RateLimitOptions, TimeoutOptions } from '@redress/core';
import { breakerWith } from './breaker.js';
import type { Around, MethodBreakerOptions } from './breaker.js';
import type { PolicyDecorator } from './fit.js';
import { markEither, written } from './mark.js';
import type { Options } from './registry.js';
import type { Surroundings } from './surroundings.js';

/** `make` checks the options, at definition; what it makes there is thrown away. */
function policy<O extends object>(
  shown: string,
  options: O,
  make: (options: O, subject: string, around: Around) => Policy,
): PolicyDecorator {
  return ((...place: [unknown, unknown, unknown?]) =>
    markEither('policies', shown, place, (subject) => {
      const { kind } = make(options, `${subject}, ${shown}`, 'defined');
      const configured = (_type: unknown, name: string, more?: Options, around?: Surroundings): Policy =>
        make({ ...options, ...more }, name, around);
      return { shown, kind, make: configured, references: [] };
    })) as PolicyDecorator;
}

/** What a number or a duration stands for. */
const asValue = <O extends object, V extends number | string>(given: O | V): O =>
  typeof given === 'object' ? given : ({ value: given } as O);

/**
 * Limits the time of each attempt, or with `scope: 'total'` of all of them together; both may stand at one method. In the
 * body `step().signal` is aborted then.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Timeout(options: TimeoutOptions | Duration = {}): PolicyDecorator {
  const shown = typeof options === 'string' ? `@Timeout('${options}')` : written('Timeout', options);
  return policy(shown, asValue(options), (all, subject) => timeout(all, undefined, subject));
}

/**
 * Makes no calls for a while when many of the last ones failed. Each class, and each runtime, has a breaker of its own; with
 * `shared` those of one name in all processes open and close together.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function CircuitBreaker(options: MethodBreakerOptions = {}): PolicyDecorator {
  return policy(written('CircuitBreaker', options), options, breakerWith);
}

/**
 * Limits how many calls run at once; a number stands for `value`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Bulkhead(options: BulkheadOptions | number = {}): PolicyDecorator {
  return policy(written('Bulkhead', options), asValue(options), (all, subject) => bulkhead(all, undefined, subject));
}

/**
 * Limits how many calls begin in a time; a number stands for `value`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function RateLimit(options: RateLimitOptions | number = {}): PolicyDecorator {
  return policy(written('RateLimit', options), asValue(options), (all, subject) => rateLimit(all, undefined, subject));
}

/**
 * Calls again when an answer is slow, and takes the first that comes. Not with `@Step({ repeatable: false })`.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Hedge(options: HedgeOptions = {}): PolicyDecorator {
  return policy(written('Hedge', options), options, (all, subject) => hedge(all, undefined, subject));
}
