import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import { Fixed, KeyedRateLimiters, RateLimiter, Rolling, Spaced } from './limiter.js';
import type { Limit } from './limiter.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** How many calls may begin in a time. */
export interface RateLimitOptions {
  /** Calls in a window. Default: 100. */
  readonly value?: number;
  /** Default: 1 s. */
  readonly window?: Duration;
  /** One window after the other, the last `window` at any time, or one call each `window / value`. Default: `fixed`. */
  readonly type?: 'fixed' | 'rolling' | 'smooth';
  /** Least time between two calls. Default: 0. */
  readonly minSpacing?: Duration;
  /** A limit for each answer, such as each host. */
  readonly key?: (...args: never[]) => string;
  /** Keys that are kept; those used longest ago go first, used up ones last. Default: 1000. */
  readonly maxKeys?: number;
}

const duration = z.union([z.number(), z.string()]);
const schema = z.strictObject({
  value: z.number().int().min(1).optional(),
  window: duration.optional(),
  type: z.enum(['fixed', 'rolling', 'smooth']).optional(),
  minSpacing: duration.optional(),
  key: z.function().optional(),
  maxKeys: z.number().int().min(1).optional(),
});

/**
 * Limits how many calls begin in a time. Calls that are turned down do not count, so `retryAfter` holds.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `RateLimitedError`.
 */
export function rateLimit(given: RateLimitOptions | number = {}, environment?: Environment, subject = 'rateLimit'): Policy<'rateLimit'> {
  const options: RateLimitOptions = typeof given === 'number' ? { value: given } : given;
  checkOptions(subject, schema, options);
  const { value = 100, type = 'fixed', key, maxKeys = 1000 } = options;
  const windowMs = Math.max(1, durationMs(options.window ?? 1000, `${subject}, window`));
  const spacingMs = durationMs(options.minSpacing ?? 0, `${subject}, minSpacing`);
  const limit = (): Limit =>
    type === 'fixed' ? new Fixed(value, windowMs) : type === 'rolling' ? new Rolling(value, windowMs) : new Spaced(windowMs / value);
  const make = (): RateLimiter => new RateLimiter(limit(), spacingMs);
  const part = key ? new KeyedRateLimiters(key as (...args: readonly unknown[]) => string, maxKeys, make) : make();
  return policyOf('rateLimit', part, environment);
}
