import type { Environment } from '../base/environment.js';
import { RefusedError, TerminalError } from '../base/errors.js';
import { causes, classify, matches, neverExecuted } from '../base/failure.js';
import type { FailureClass } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { currentScope } from '../base/scope.js';
import { sharedBudget } from './budget.js';
import type { RetryBudget } from './budget.js';
import { abortReason, isAborted, onAbort, rootOf } from './call.js';
import { BadResultError } from './errors.js';
import { KEPT_ERRORS, keepAnswer, keepInfo } from './info.js';
import type { EndReason } from './info.js';
import { backoffMs } from './backoff.js';
import type { RetryPolicy } from './retry-policy.js';

/** A result that `retryOnResult` turned down: it has no error. */
export const BAD_RESULT = Symbol('bad result');

// Which call has given up on an error, so that a call around it does not repeat what was repeated already.
const givenUp = new WeakMap<object, { readonly by: object; readonly at: number }>();
let moment = 0;

export const budgetOf = ({ budget }: RetryPolicy, environment: Environment, operation: string): RetryBudget | undefined =>
  budget === 'shared' ? sharedBudget(environment, operation) : budget || undefined;

/** Why there is no further attempt, and the error that says so. */
export interface Ended {
  readonly error: unknown;
  readonly reason: EndReason;
}

/** What a call that has failed knows of its attempts. Made when the first one fails. */
export class Repetition {
  private readonly errors: unknown[] = [];
  private readonly startedAs: number;
  private done = 0;
  private operation = '';
  /** After a failure, and not after a repair. */
  private isRepeated = false;
  /** What the repetition that runs has cost. */
  cost = 0;
  /** The last result, good or not. */
  value: unknown;

  constructor(
    private readonly policy: RetryPolicy,
    private readonly environment: Environment,
    private readonly budget: RetryBudget | undefined,
    private readonly startedAtMs: number,
    private readonly isOwned: boolean,
    /** Whose call it is: see `givenUp`. */
    private readonly by: object,
    startedAs: number,
  ) {
    this.startedAs = startedAs;
  }

  /**
   * Waits until the next attempt may begin, and answers undefined; or why there is none, with the error that says so in
   * place of the failure, if there is one.
   */
  async next(call: Call, failure: unknown): Promise<{ readonly error: unknown } | undefined> {
    this.operation = call.operation;
    this.note(failure);
    const ended = await this.tryNext(call, failure, this.policy);
    return ended && this.end(ended.error, ended.reason);
  }

  /** An attempt has failed. */
  note(failure: unknown): void {
    this.errors.push(failure === BAD_RESULT ? undefined : failure);
    if (this.errors.length > KEPT_ERRORS) this.errors.shift();
    if (this.cost > 0) this.budget?.release?.(this.cost);
    this.cost = 0;
  }

  /** Waits as `policy` says until the next attempt may begin, and answers undefined; or why there is none by this policy. */
  async tryNext(call: Call, failure: unknown, policy: RetryPolicy): Promise<Ended | undefined> {
    const { clock, random } = this.environment;
    const kind = failure === BAD_RESULT ? 'transient' : classify(failure);
    const reason = this.mayNot(call, failure, kind, policy);
    if (reason) return { error: failure, reason };
    const asked = failure === BAD_RESULT ? undefined : retryAfterMs(failure);
    if (asked !== undefined && asked < 0) return { error: failure, reason: 'notRetryable' };
    const pauseMs = asked ?? backoffMs(policy, this.done, random.next());
    const now = clock.monotonic();
    if (now - this.startedAtMs + pauseMs >= policy.maxDurationMs) return { error: failure, reason: 'maxDuration' };
    const deadline = currentScope()?.deadline;
    if (deadline?.clock === clock && now + pauseMs >= deadline.at) return { error: failure, reason: 'deadline' };
    this.cost = this.budget?.take(kind, now) ?? 0;
    if (this.cost < 0) {
      this.cost = 0;
      return { error: failure, reason: 'budget' };
    }
    // It has been executed, whatever comes out of the next one: the error that ends the call may say that nothing was.
    if (failure === BAD_RESULT) call.onAttemptFailed?.(new BadResultError({ operation: call.operation, result: this.value }));
    await this.pause(call, pauseMs);
    if (isAborted(call)) return { error: abortReason(call), reason: 'cancelled' };
    if (rootOf(call).mayGoOn?.() === false) return { error: failure, reason: 'ownerLost' };
    this.done += 1;
    this.isRepeated = true;
    try {
      await policy.beforeRetry?.(failure === BAD_RESULT ? undefined : failure, this.done + 1);
    } catch (error) {
      return { error, reason: 'beforeRetry' };
    }
    return undefined;
  }

  /** The body is called once more, by a repair and without a pause. */
  repaired(): void {
    this.done += 1;
  }

  /** How often it was called again. */
  get repetitions(): number {
    return this.done;
  }

  /** What is known of the attempts until now. */
  get info(): { readonly attempts: number; readonly errors: readonly unknown[] } {
    return { attempts: this.done + 1, errors: [...this.errors] };
  }

  /** The call has ended, as its budget sees it. */
  close(isSuccess: boolean): void {
    this.budget?.end(isSuccess, this.cost);
  }

  private mayNot(call: Call, failure: unknown, kind: FailureClass, policy: RetryPolicy): EndReason | undefined {
    if (isAborted(call)) return 'cancelled';
    if (failure !== BAD_RESULT && !mayRepeat(policy, call, failure, kind)) return 'notRetryable';
    if (this.done >= policy.maxRetries) return 'maxRetries';
    if (policy.nested === 'allow') return undefined;
    return this.isOwned || currentScope()?.repeats || this.wasRepeated(failure) ? 'nested' : undefined;
  }

  /** A call within this one has repeated it, and this one could not be seen from there. */
  private wasRepeated(failure: unknown): boolean {
    if (typeof failure !== 'object' || failure === null) return false;
    return causes(failure).some((one) => {
      const mark = typeof one === 'object' && one !== null ? givenUp.get(one) : undefined;
      return mark !== undefined && mark.by !== this.by && mark.at > this.startedAs;
    });
  }

  private async pause(call: Call, ms: number): Promise<void> {
    const { clock } = this.environment;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        off();
        resolve();
      };
      const timer = clock.setTimer(ms, end);
      const off = onAbort(call, end);
    });
  }

  /** The call has ended with an error. `isTold`: as the end of repetitions. */
  end(error: unknown, reason: EndReason, isTold = true): { readonly error: unknown } {
    const { events, clock } = this.environment;
    this.close(false);
    keepInfo(error, { ...this.info, reason });
    if (this.isRepeated && this.policy.nested === 'outermost' && typeof error === 'object' && error !== null)
      givenUp.set(error, { by: this.by, at: ++moment });
    const details = { operation: this.operation, attempts: this.done + 1, reason };
    if (isTold && events.listening) events.publish({ name: 'retry.ended', at: clock.now(), error, details });
    return { error };
  }

  /** What led to the value that was answered in the end. */
  succeeded(call: Call, value: unknown): void {
    keepAnswer(value, rootOf(call).told, this.info);
  }
}

/** When a call has begun, in the order of all calls. */
export const startMoment = (): number => moment;

const REPEATED: ReadonlySet<FailureClass> = new Set<FailureClass>(['transient', 'throttling', 'notExecuted']);

function mayRepeat(policy: RetryPolicy, call: Call, error: unknown, kind: FailureClass): boolean {
  if (error instanceof RefusedError || error instanceof TerminalError || matches(error, policy.abortOn)) return false;
  const root = rootOf(call);
  if ((root.repeatable === false || !policy.idempotent) && !neverExecuted(error, root)) return false;
  return policy.retryOn ? matches(error, policy.retryOn) : REPEATED.has(kind);
}

/** The pause that the other side asks for; negative: it asks not to come again. */
function retryAfterMs(error: unknown): number | undefined {
  for (const one of causes(error)) {
    const { retryAfter } = (typeof one === 'object' ? one : {}) as { retryAfter?: unknown };
    if (typeof retryAfter === 'number' && !Number.isNaN(retryAfter)) return retryAfter;
  }
  return undefined;
}

/** Whether a result need not be asked for again. */
export function isGood({ retryOnResult }: RetryPolicy, value: unknown): boolean {
  try {
    return !retryOnResult?.(value);
  } catch {
    // A question that fails is no answer.
    return true;
  }
}
