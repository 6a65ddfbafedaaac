import { intercept } from '@redress/core';
import type { Interceptor, InterceptOptions } from '@redress/core';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';

/**
 * Puts an interceptor of one's own around the method: outside of all its policies, or with `scope: 'attempt'` around each
 * attempt. Several stand in the order in which they are written.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Intercept(interceptor: Interceptor, options: InterceptOptions = {}): MethodMark {
  const shown = written('Intercept', options);
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('policies', shown, place, (subject) => {
      const made = intercept(interceptor, options, `${subject}, ${shown}`);
      return { shown, kind: made.kind, make: () => made, references: [] };
    })) as MethodMark;
}
