import type { Matcher } from '../base/failure.js';
import type { FallbackMethod } from './instead.js';
import type { RetryPolicy } from './retry-policy.js';

/** Repairs a call: it is given a copy of the arguments, and the error. */
export type Repairer = (...given: never[]) => unknown;

/** What is done about an error. `on` undefined: about every error. */
export type Rule = RetryRule | RepairRule | AnswerRule | AbortRule;

interface Matched {
  readonly on: readonly Matcher[] | undefined;
}

export interface RetryRule extends Matched {
  readonly action: 'retry';
  readonly policy: RetryPolicy;
  /** What the time of an attempt is multiplied with at each use. */
  readonly multiplier: number;
}

export interface RepairRule extends Matched {
  readonly action: 'repair';
  readonly with: Repairer;
  readonly maxRepairs: number;
  /** `retry`: it answers other arguments, or nothing. `continue`: it answers the result. */
  readonly then: 'retry' | 'continue';
  readonly verify: boolean;
}

export interface AnswerRule extends Matched {
  readonly action: 'fallback' | 'degrade';
  readonly method: FallbackMethod;
}

export interface AbortRule extends Matched {
  readonly action: 'abort';
}

/** What `repair` and `recover` are compiled into: rules in order, and what is done when none helps. */
export interface RecoveryPlan {
  readonly rules: readonly Rule[];
  readonly otherwise: Rule;
}

export const ABORT: AbortRule = { action: 'abort', on: undefined };
