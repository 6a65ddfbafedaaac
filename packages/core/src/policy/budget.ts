import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { FailureClass } from '../base/failure.js';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';

/** How many repetitions many calls together may make. The default is `ratio`. */
export type RetryBudgetOptions =
  | {
      readonly algorithm?: 'ratio';
      /** Repetitions for each call. Default: 0.2. */
      readonly percent?: number;
      /** Repetitions per second that are allowed without any calls. Default: 10. */
      readonly minPerSecond?: number;
      /** How long calls and repetitions count. Default: 10 s. */
      readonly ttl?: Duration;
    }
  /** As gRPC: a failure costs 1, a success gives `tokenRatio`; repeated only above half of `maxTokens`. Defaults: 10, 0.1. */
  | { readonly algorithm: 'throttle'; readonly maxTokens?: number; readonly tokenRatio?: number }
  /** As AWS: a repetition costs, and a success gives its cost back, or 1. Defaults: 500, 14, throttled 5, 1. */
  | {
      readonly algorithm: 'quota';
      readonly tokens?: number;
      readonly cost?: number;
      readonly throttlingCost?: number;
      readonly successRefund?: number;
    }
  /** As Envoy: repetitions that are under way at once, as a part of all calls that are. Defaults: 0.2, 3. */
  | { readonly algorithm: 'concurrent'; readonly percent?: number; readonly min?: number };

/** Shared by calls; told of each one. */
export interface RetryBudget {
  /** A call begins. */
  begin(nowMs: number): void;
  /** Takes what one repetition costs; negative: there is not enough. */
  take(failure: FailureClass, nowMs: number): number;
  /** A repetition has ended that cost so much, and the call goes on. */
  release?(cost: number): void;
  /** A call has ended, its last repetition having cost so much. */
  end(isSuccess: boolean, cost: number): void;
}

const part = z.number().min(0);
const schema = z.discriminatedUnion('algorithm', [
  z.strictObject({
    algorithm: z.literal('ratio'),
    percent: part.optional(),
    minPerSecond: part.optional(),
    ttl: z.union([z.number(), z.string()]).optional(),
  }),
  z.strictObject({ algorithm: z.literal('throttle'), maxTokens: part.optional(), tokenRatio: part.optional() }),
  z.strictObject({
    algorithm: z.literal('quota'),
    tokens: part.optional(),
    cost: part.optional(),
    throttlingCost: part.optional(),
    successRefund: part.optional(),
  }),
  z.strictObject({ algorithm: z.literal('concurrent'), percent: part.optional(), min: part.optional() }),
]);

/**
 * A budget that several retries share: `retry({ budget })`.
 * @throws ConfigurationError when an option does not fit.
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  checkOptions('retryBudget', schema, { algorithm: 'ratio', ...options });
  if (options.algorithm === 'throttle') return new Throttle(options.maxTokens, options.tokenRatio);
  if (options.algorithm === 'quota') return new Quota(options.tokens, options.cost, options.throttlingCost, options.successRefund);
  if (options.algorithm === 'concurrent') return new Concurrent(options.percent, options.min);
  return new Ratio(options.percent, options.minPerSecond, durationMs(options.ttl ?? 10_000, 'retryBudget, ttl'));
}

const SLICES = 10;

/** Finagle's retry budget: within the last `ttlMs`, a part of the calls and a reserve. */
class Ratio implements RetryBudget {
  private readonly balance: number[] = Array.from({ length: SLICES }, () => 0);
  private slice = -1;
  private sliceEndsAt = -Infinity;
  private current = 0;

  constructor(
    private readonly percent = 0.2,
    private readonly minPerSecond = 10,
    private readonly ttlMs = 10_000,
  ) {}

  private at(nowMs: number): number {
    if (nowMs < this.sliceEndsAt) return this.current;
    const slice = Math.max(0, Math.floor((nowMs * SLICES) / this.ttlMs));
    const old = this.slice < 0 ? SLICES : Math.min(slice - this.slice, SLICES);
    for (let i = 0; i < old; i++) this.balance[(slice + SLICES - i) % SLICES] = 0;
    this.slice = slice;
    this.sliceEndsAt = ((slice + 1) * this.ttlMs) / SLICES;
    this.current = slice % SLICES;
    return this.current;
  }

  begin(nowMs: number): void {
    const at = this.at(nowMs);
    this.balance[at] = (this.balance[at] as number) + this.percent;
  }

  take(_failure: FailureClass, nowMs: number): number {
    const at = this.at(nowMs);
    const left = this.balance.reduce((sum, one) => sum + one, (this.minPerSecond * this.ttlMs) / 1000);
    // Fifths do not add up to one exactly.
    if (left < 1 - 1e-9) return -1;
    this.balance[at] = (this.balance[at] as number) - 1;
    return 1;
  }

  end(): void {}
}

class Throttle implements RetryBudget {
  private tokens: number;

  constructor(
    private readonly max = 10,
    private readonly ratio = 0.1,
  ) {
    this.tokens = max;
  }

  begin(): void {}

  take(): number {
    this.tokens = Math.max(0, this.tokens - 1);
    return this.tokens > this.max / 2 ? 1 : -1;
  }

  end(isSuccess: boolean): void {
    if (isSuccess) this.tokens = Math.min(this.max, this.tokens + this.ratio);
  }
}

class Quota implements RetryBudget {
  private tokens: number;

  constructor(
    private readonly max = 500,
    private readonly cost = 14,
    private readonly throttlingCost = 5,
    private readonly refund = 1,
  ) {
    this.tokens = max;
  }

  begin(): void {}

  take(failure: FailureClass): number {
    const cost = failure === 'throttling' ? this.throttlingCost : this.cost;
    if (this.tokens < cost) return -1;
    this.tokens -= cost;
    return cost;
  }

  end(isSuccess: boolean, cost: number): void {
    if (isSuccess) this.tokens = Math.min(this.max, this.tokens + (cost || this.refund));
  }
}

class Concurrent implements RetryBudget {
  private active = 0;
  private repeating = 0;

  constructor(
    private readonly percent = 0.2,
    private readonly min = 3,
  ) {}

  begin(): void {
    this.active += 1;
  }

  take(): number {
    if (this.repeating >= Math.max(this.min, Math.floor(this.active * this.percent + 1e-9))) return -1;
    this.repeating += 1;
    return 1;
  }

  release(): void {
    this.repeating -= 1;
  }

  end(_isSuccess: boolean, cost: number): void {
    this.active -= 1;
    if (cost > 0) this.release();
  }
}

const shared = new WeakMap<Environment, Map<string, RetryBudget>>();

/** The budget that all calls of one dependency share: of `Payments` for `Payments.charge`. */
export function sharedBudget(environment: Environment, operation: string): RetryBudget {
  let budgets = shared.get(environment);
  if (!budgets) shared.set(environment, (budgets = new Map<string, RetryBudget>()));
  const dependency = operation.slice(0, Math.max(0, operation.lastIndexOf('.')));
  let budget = budgets.get(dependency);
  if (!budget) budgets.set(dependency, (budget = new Ratio()));
  return budget;
}
