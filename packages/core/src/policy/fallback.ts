import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import { matches } from '../base/failure.js';
import type { Matcher } from '../base/failure.js';
import { checkOptions } from '../base/options.js';
import type { FallbackMethod, FallbackPolicy } from './instead.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** What is answered when nothing else helps. One of `fallbackMethod`, `value` and `by`. */
export interface FallbackOptions {
  /** One, or several of which each is asked when the one before has failed. */
  readonly fallbackMethod?: FallbackMethod | readonly FallbackMethod[];
  /** The answer itself. */
  readonly value?: unknown;
  /** A method for each kind of error; the first that fits. What fits none is not answered for. */
  readonly by?: readonly { readonly on: Matcher | readonly Matcher[]; readonly method: FallbackMethod }[];
  /** Errors that are answered for. Default: all. */
  readonly applyOn?: readonly Matcher[];
  /** Errors that are not, whatever `applyOn` says; besides `AbortError` and `ConfigurationError`. */
  readonly skipOn?: readonly Matcher[];
}

const matcher = z.union([z.string().min(1), z.function()]);
const matchers = z.array(matcher);
const schema = z.strictObject({
  fallbackMethod: z.union([z.function(), z.array(z.function()).min(1)]).optional(),
  value: z.unknown().optional(),
  by: z.array(z.strictObject({ on: z.union([matcher, matchers]), method: z.function() })).optional(),
  applyOn: matchers.optional(),
  skipOn: matchers.optional(),
});

/**
 * Answers for a call that has failed, after all repetitions. Not when its caller has given up. `recoveryInfo` tells such
 * an answer from a real one.
 * @throws ConfigurationError when an option does not fit.
 */
export function fallback(given: FallbackOptions | FallbackMethod, environment?: Environment, subject = 'fallback'): Policy<'fallback'> {
  const options: FallbackOptions = typeof given === 'function' ? { fallbackMethod: given } : given;
  checkOptions(subject, schema, options);
  if ([options.fallbackMethod, options.by].filter(Boolean).length + ('value' in options ? 1 : 0) !== 1) {
    throw new ConfigurationError([
      { subject, cause: 'It needs one of fallbackMethod, value and by.', remedy: 'Give that one, and no other.' },
    ]);
  }
  return policyOf('fallback', fallbackPolicy(options), environment);
}

function fallbackPolicy(options: FallbackOptions): FallbackPolicy {
  const { fallbackMethod, by, value, applyOn } = options;
  const all = by ? [] : fallbackMethod ? [fallbackMethod].flat() : [() => value];
  const list = (on: Matcher | readonly Matcher[]): readonly Matcher[] => (Array.isArray(on) ? (on as readonly Matcher[]) : [on as Matcher]);
  return {
    methodsFor: by
      ? (error) =>
          by
            .filter(({ on }) => matches(error, list(on)))
            .slice(0, 1)
            .map(({ method }) => method)
      : () => all as readonly FallbackMethod[],
    applyOn,
    skipOn: ['AbortError', 'ConfigurationError', ...(options.skipOn ?? [])],
  };
}
