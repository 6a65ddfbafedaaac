import { circuitBreaker, ConfigurationError } from '@redress/core';
import type { CircuitBreakerOptions, Policy, SharedBreaker, Store } from '@redress/core';
import type { Surroundings } from './surroundings.js';

/** As those of `circuitBreaker`. */
export interface MethodBreakerOptions extends Omit<CircuitBreakerOptions, 'shared'> {
  /**
   * Other processes whose circuits of this name open and close with this one. Default: none. `true`: in the store of the
   * runtime, by the name of class and method, which must be the same in all processes.
   */
  readonly shared?: boolean | Partial<SharedBreaker>;
}

/** What there is of a runtime; `defined`: nobody has asked yet. */
export type Around = Surroundings | 'defined' | undefined;

/** It ends with its runtime. @throws ConfigurationError when an option does not fit, or there is no store. */
export function breakerWith({ shared, ...options }: MethodBreakerOptions, subject: string, around: Around): Policy {
  if (shared === undefined || shared === false) return circuitBreaker(options, undefined, subject);
  const given = shared === true ? {} : shared;
  const store = given.store ?? storeOf(subject, around);
  const breaker = circuitBreaker({ ...options, shared: { name: subject.slice(0, 200), ...given, store } }, undefined, subject);
  if (typeof around === 'object') around.endings.add(() => breaker[Symbol.asyncDispose]());
  return breaker;
}

/** Checks of a definition need none. */
const NO_STORE = { commit: () => {} } as unknown as Store;

function storeOf(subject: string, around: Around): Store {
  if (around === 'defined') return NO_STORE;
  if (around) return around.store;
  throw new ConfigurationError([
    {
      subject,
      cause: 'Its circuit breaker is shared, and there is no runtime in whose store nodes could meet.',
      remedy: 'Call await redress({ container, store }) before, or give it a store: shared: { store }.',
    },
  ]);
}
