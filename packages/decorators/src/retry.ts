import { retryPolicy } from '@redress/core';
import type { RetryOptions } from '@redress/core';
import type { PolicyDecorator } from './fit.js';
import { markEither, written } from './mark.js';

/**
 * Repeats the method when it fails in a way that may pass; a number stands for `maxRetries`. Works at any method that
 * returns a promise, or at a class for each of its methods; with or without a runtime. Within another call that repeats, the outer one owns the repetitions.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Retry(given: RetryOptions | number = {}): PolicyDecorator {
  const shown = written('Retry', given);
  const options = typeof given === 'number' ? { maxRetries: given } : given;
  return ((...place: [unknown, unknown, unknown?]) =>
    markEither('retry', shown, place, (subject) => ({
      shown,
      options,
      policy: retryPolicy(`${subject}, @Retry`, options),
    }))) as PolicyDecorator;
}
