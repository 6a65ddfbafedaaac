import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { rootOf } from './call.js';
import { RateLimitedError } from './errors.js';
import { Keyed } from './keyed.js';

export interface Limit {
  /** How long it takes until there is room; 0: there is. */
  waitMs(now: number): number;
  /** A call begins. */
  count(now: number): void;
}

/** What lets calls through. */
export interface Limiting {
  /** Counts the call, or answers the error that says why it may not be made. */
  take(call: Call, environment: Environment): RateLimitedError | undefined;
}

export class RateLimiter implements Limiting {
  private readonly spacing: Spaced | undefined;

  constructor(
    private readonly limit: Limit,
    spacingMs: number,
  ) {
    this.spacing = spacingMs > 0 ? new Spaced(spacingMs) : undefined;
  }

  waitMs(now: number): number {
    return Math.max(this.limit.waitMs(now), this.spacing?.waitMs(now) ?? 0);
  }

  /** Counts the call, or answers the error that says why it may not be made. */
  take(call: Call, { clock, events }: Environment): RateLimitedError | undefined {
    const now = clock.monotonic();
    const waitMs = this.waitMs(now);
    if (waitMs > 0) {
      if (events.listening) events.publish({ name: 'rateLimit.rejected', at: clock.now(), details: { operation: call.operation, waitMs } });
      return new RateLimitedError(call.operation, waitMs).rejecting(rootOf(call));
    }
    this.limit.count(now);
    this.spacing?.count(now);
    return undefined;
  }
}

/** A limit for each key; one that is used up is forgotten after all others. */
export class KeyedRateLimiters implements Limiting {
  private readonly keyed: Keyed<RateLimiter>;
  private now = 0;

  constructor(keyOf: (...args: readonly unknown[]) => string, maxKeys: number, make: () => RateLimiter) {
    this.keyed = new Keyed(keyOf, maxKeys, make, (one) => one.waitMs(this.now) > 0, true);
  }

  take(call: Call, environment: Environment): RateLimitedError | undefined {
    this.now = environment.clock.monotonic();
    return this.keyed.of(call.args).take(call, environment);
  }
}

/** One window after the other; each begins with its first call. */
export class Fixed implements Limit {
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
export class Rolling implements Limit {
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
export class Spaced implements Limit {
  private nextAt = -Infinity;

  constructor(private readonly spacingMs: number) {}

  waitMs(now: number): number {
    return Math.max(0, this.nextAt - now);
  }

  count(now: number): void {
    this.nextAt = now + this.spacingMs;
  }
}
