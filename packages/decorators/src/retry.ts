import { retryPolicy } from '@redress/core';
import type { RetryOptions } from '@redress/core';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';

/**
 * Repeats the method when it fails in a way that may pass; a number stands for `maxRetries`. Works at any method that
 * returns a promise, with or without a runtime. Within another call that repeats, the outer one owns the repetitions.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Retry(options: RetryOptions | number = {}): MethodMark {
  const shown = written('Retry', options);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('retry', shown, place, (subject) => ({ shown, policy: retryPolicy(`${subject}, @Retry`, options) }))) as MethodMark;
}
