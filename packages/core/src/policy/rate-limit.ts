import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { checkOptions } from '../base/options.js';
import { rootOf } from './call.js';
import { RateLimitedError } from './errors.js';
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
}

const duration = z.union([z.number(), z.string()]);
const schema = z.strictObject({
  value: z.number().int().min(1).optional(),
  window: duration.optional(),
  type: z.enum(['fixed', 'rolling', 'smooth']).optional(),
  minSpacing: duration.optional(),
});

/**
 * Limits how many calls begin in a time. Calls that are turned down do not count, so `retryAfter` holds.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `RateLimitedError`.
 */
export function rateLimit(given: RateLimitOptions | number = {}, environment?: Environment, subject = 'rateLimit'): Policy<'rateLimit'> {
  const options: RateLimitOptions = typeof given === 'number' ? { value: given } : given;
  checkOptions(subject, schema, options);
  const { value = 100, type = 'fixed' } = options;
  const windowMs = Math.max(1, durationMs(options.window ?? 1000, `${subject}, window`));
  const spacingMs = durationMs(options.minSpacing ?? 0, `${subject}, minSpacing`);
  const limit =
    type === 'fixed' ? new Fixed(value, windowMs) : type === 'rolling' ? new Rolling(value, windowMs) : new Spaced(windowMs / value);
  return policyOf('rateLimit', new RateLimiter(limit, spacingMs), environment);
}

interface Limit {
  /** How long it takes until there is room; 0: there is. */
  waitMs(now: number): number;
  /** A call begins. */
  count(now: number): void;
}

export class RateLimiter {
  private readonly spacing: Spaced | undefined;

  constructor(
    private readonly limit: Limit,
    spacingMs: number,
  ) {
    this.spacing = spacingMs > 0 ? new Spaced(spacingMs) : undefined;
  }

  /** @throws RateLimitedError */
  take(call: Call, { clock, events }: Environment): void {
    const now = clock.monotonic();
    const waitMs = Math.max(this.limit.waitMs(now), this.spacing?.waitMs(now) ?? 0);
    if (waitMs > 0) {
      if (events.listening) events.publish({ name: 'rateLimit.rejected', at: clock.now(), details: { operation: call.operation, waitMs } });
      throw new RateLimitedError(call.operation, waitMs).rejecting(rootOf(call));
    }
    this.limit.count(now);
    this.spacing?.count(now);
  }
}

/** One window after the other; each begins with its first call. */
class Fixed implements Limit {
  private startedAt = -Infinity;
  private used = 0;

  constructor(
    private readonly value: number,
    private readonly windowMs: number,
  ) {}

  waitMs(now: number): number {
    const endsAt = this.startedAt + this.windowMs;
    return now >= endsAt || this.used < this.value ? 0 : endsAt - now;
  }

  count(now: number): void {
    if (now >= this.startedAt + this.windowMs) {
      this.startedAt = now;
      this.used = 0;
    }
    this.used += 1;
  }
}

/** The moments of the last `value` calls, in a ring. */
class Rolling implements Limit {
  private readonly calls: number[] = [];
  private next = 0;

  constructor(
    private readonly value: number,
    private readonly windowMs: number,
  ) {}

  waitMs(now: number): number {
    const oldest = this.calls[this.next];
    return oldest === undefined ? 0 : Math.max(0, oldest + this.windowMs - now);
  }

  count(now: number): void {
    this.calls[this.next] = now;
    this.next = (this.next + 1) % this.value;
  }
}

/** One after the other, each at least so long after the one before. */
class Spaced implements Limit {
  private nextAt = -Infinity;

  constructor(private readonly spacingMs: number) {}

  waitMs(now: number): number {
    return Math.max(0, this.nextAt - now);
  }

  count(now: number): void {
    this.nextAt = now + this.spacingMs;
  }
}
