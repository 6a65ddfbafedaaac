import type { Environment } from '../base/environment.js';
import { RefusedError } from '../base/errors.js';
import { matches, neverExecuted } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { abortReason, isAborted, rootOf, setArgs } from './call.js';
import { copyData } from './copy.js';
import type { Detector } from './detector.js';
import { RepairFailedError } from './errors.js';
import { keepInfo } from './info.js';
import type { EndReason, RecoveryInfo } from './info.js';
import { answer, aside } from './instead.js';
import { BAD_RESULT } from './repeat.js';
import type { Repetition } from './repeat.js';
import type { AnswerRule, RepairRule, RetryRule, Rule } from './rules.js';

/** What became of a failure: the body is to be called again, or the call has ended. */
export type Handled = { readonly again: true } | { readonly value: unknown } | { readonly error: unknown };

/** Endings of a repetition that no other rule has a say in. */
const FINAL: ReadonlySet<EndReason> = new Set<EndReason>(['cancelled', 'ownerLost', 'beforeRetry']);
/** What is nobody's to repair. */
const NOBODYS = ['AbortError', 'ConfigurationError'];
const AGAIN: Handled = { again: true };

/** What all calls of one method have in common. */
export interface Recovering {
  readonly rules: readonly Rule[];
  /** Repetitions of all kinds together. */
  readonly limit: number;
  readonly repeats: boolean;
  readonly detector: Detector | undefined;
}

/** One call that has failed, and what its rules make of that. */
export class Recovery {
  private readonly repairs = new Map<RepairRule, number>();
  private reason: EndReason = 'notRetryable';
  /** What the time of the next attempt is multiplied with. */
  factor = 1;
  /** What is known of the answer, beyond what its repetitions know. */
  info: Partial<RecoveryInfo> = {};

  constructor(
    private readonly common: Recovering,
    private readonly call: Call,
    private readonly environment: Environment,
    readonly repetition: Repetition,
  ) {}

  /** The first rule that fits and is not used up; what it cannot do is left to the next one. */
  async handle(failure: unknown): Promise<Handled> {
    this.repetition.note(failure);
    const nobodys = this.isNobodys(failure);
    if (nobodys) return this.fail(failure, nobodys);
    // What comes out in the end: the failure itself, or with it that of what was done about it.
    let shown = failure;
    for (const rule of this.common.rules) {
      if (!applies(rule, failure) && !(shown !== failure && applies(rule, shown))) continue;
      if (rule.action === 'abort') break;
      const handled = await this.use(rule, failure, shown);
      if (!handled) continue;
      if (!('shown' in handled)) return handled;
      shown = handled.shown;
      // While it was tried, the caller may have left.
      const left = this.isNobodys(failure);
      if (left) return this.fail(shown, left);
    }
    return this.fail(shown, this.reason);
  }

  /** Undefined: it is used up. `shown`: it failed itself. */
  private use(rule: Exclude<Rule, { action: 'abort' }>, failure: unknown, shown: unknown) {
    if (rule.action === 'retry') return this.retry(rule, failure);
    return rule.action === 'repair' ? this.repair(rule, failure) : this.answer(rule, shown);
  }

  private isNobodys(failure: unknown): EndReason | undefined {
    if (isAborted(this.call)) return 'cancelled';
    if (rootOf(this.call).mayGoOn?.() === false) return 'ownerLost';
    return matches(failure, NOBODYS) ? 'notRetryable' : undefined;
  }

  private async retry({ policy, multiplier }: RetryRule, failure: unknown): Promise<Handled | undefined> {
    if (this.repetition.repetitions >= this.common.limit) {
      this.reason = 'maxRetries';
      return undefined;
    }
    const ended = await this.repetition.tryNext(this.call, failure, policy);
    if (!ended) {
      this.factor *= multiplier;
      return AGAIN;
    }
    this.reason = ended.reason;
    return FINAL.has(ended.reason) ? this.fail(ended.error, ended.reason) : undefined;
  }

  private async repair(rule: RepairRule, failure: unknown): Promise<Handled | { readonly shown: unknown } | undefined> {
    const { call, environment } = this;
    const used = this.repairs.get(rule) ?? 0;
    if (used >= rule.maxRepairs || (rule.then === 'retry' && !this.mayRunAgain(failure))) return undefined;
    this.repairs.set(rule, used + 1);
    let repaired: unknown;
    try {
      repaired = await aside(rule.with, [...copyData(call.args), failure]);
      if (rule.then === 'continue') {
        if (rule.verify) await this.common.detector?.accept(call, repaired, environment);
      } else if (repaired !== undefined && !Array.isArray(repaired)) {
        throw new TypeError('It must answer all arguments as an array, or nothing.');
      }
    } catch (error) {
      const both = new RepairFailedError(call.operation, failure, error);
      this.repetition.note(error);
      this.tell('repair.failed', both);
      return { shown: both };
    }
    this.tell('repair.applied', failure);
    this.info = { ...this.info, repaired: true };
    if (rule.then === 'continue') return this.succeed(repaired);
    const left = this.isNobodys(failure);
    if (left) return this.fail(left === 'cancelled' ? abortReason(call) : failure, left);
    if (repaired !== undefined) setArgs(call, [...(repaired as readonly unknown[])]);
    this.repetition.repaired();
    return AGAIN;
  }

  /** A body whose effect is not known is not run again where that was ruled out. */
  private mayRunAgain(failure: unknown): boolean {
    const root = rootOf(this.call);
    if (this.repetition.repetitions >= this.common.limit) return false;
    return root.repeatable !== false || neverExecuted(failure, root) || failure instanceof RefusedError;
  }

  private async answer({ action, method }: AnswerRule, shown: unknown): Promise<Handled | { readonly shown: unknown }> {
    const { call, environment, reason } = this;
    try {
      keepInfo(shown, { ...this.repetition.info, reason });
      const value = await answer([method], call, shown, environment, () => undefined);
      this.info = { ...this.info, reason, fallback: true, ...(action === 'degrade' && { degraded: true }) };
      return this.succeed(value);
    } catch (error) {
      this.repetition.note(error);
      return { shown: error };
    }
  }

  private succeed(value: unknown): Handled {
    this.repetition.close(false);
    return { value };
  }

  private fail(error: unknown, reason: EndReason): Handled {
    const ended = this.repetition.end(error, reason, this.common.repeats);
    return error === BAD_RESULT ? { value: this.repetition.value } : ended;
  }

  private tell(name: string, error: unknown): void {
    const { events, clock } = this.environment;
    if (events.listening) events.publish({ name, at: clock.now(), error, details: { operation: this.call.operation } });
  }
}

function applies(rule: Rule, error: unknown): boolean {
  // A result that was turned down by `retryOnResult` is no error, and asked for again at most.
  if (error === BAD_RESULT) return rule.action === 'retry' && rule.policy.retryOnResult !== undefined;
  return !rule.on || matches(error, rule.on);
}
