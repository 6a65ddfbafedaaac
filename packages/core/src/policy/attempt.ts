import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { currentScope, runInScope } from '../base/scope.js';
import type { RetryBudget } from './budget.js';
import { begin, isAborted, isOwned, rootOf } from './call.js';
import type { Body, Chain, Running } from './call.js';
import type { Admission, Permit } from './circuit.js';
import { CircuitOpenError } from './errors.js';
import { limitMs, Limited } from './limited.js';
import type { Starter, TimeoutPolicy } from './limited.js';
import type { Limiting } from './limiter.js';
import { waitFor } from './places.js';
import type { Places, Slot } from './places.js';
import { BAD_RESULT, budgetOf, isGood, Repetition, startMoment } from './repeat.js';
import type { RetryPolicy } from './retry-policy.js';
import { beginning, momentOf } from './tick.js';
import type { Tick } from './tick.js';

/** The parts that every call pays for. */
export interface HotParts {
  readonly retry?: RetryPolicy;
  readonly circuitBreaker?: Admission;
  readonly rateLimit?: Limiting;
  readonly timeout?: TimeoutPolicy;
  readonly bulkhead?: Places;
}

/**
 * One chain of all of them: a record for each attempt, and one promise more than the body's own. `isLoop`: the body is
 * attempts of the same call, which tell of themselves.
 */
export function hot(parts: HotParts, environmentOf: (call: Call) => Environment, isLoop = false): Chain {
  const rules = new Rules(parts, environmentOf, isLoop);
  return (call, body) => new Attempt(rules, call, body, undefined).run();
}

/** A `maxDuration` to which the length of a tick matters. */
const SHORT_MS = 5000;

/** What all calls of one chain share. It is also who they are for calls around them and within them. */
class Rules {
  readonly retry: RetryPolicy | undefined;
  readonly circuitBreaker: Admission | undefined;
  readonly rateLimit: Limiting | undefined;
  readonly limit: TimeoutPolicy | undefined;
  readonly places: Places | undefined;
  /** The beginning of a call must be known exactly. */
  readonly isExact: boolean;
  // The budget of the last call is mostly the one of the next.
  private budget: RetryBudget | undefined;
  private budgetIn: Environment | undefined;
  private budgetFor: string | undefined;

  constructor(
    { retry, circuitBreaker, rateLimit, timeout, bulkhead }: HotParts,
    readonly environmentOf: (call: Call) => Environment,
    readonly isLoop: boolean,
  ) {
    this.retry = retry;
    this.circuitBreaker = circuitBreaker;
    this.rateLimit = rateLimit;
    this.limit = timeout && timeout.valueMs > 0 ? timeout : undefined;
    this.places = bulkhead;
    this.isExact = this.limit !== undefined || (retry !== undefined && retry.maxDurationMs < SHORT_MS);
  }

  budgetOf(retry: RetryPolicy, environment: Environment, operation: string): RetryBudget | undefined {
    if (this.budgetIn !== environment || this.budgetFor !== operation) {
      this.budget = budgetOf(retry, environment, operation);
      this.budgetIn = environment;
      this.budgetFor = operation;
    }
    return this.budget;
  }
}

/** One attempt, and what it knows of its call. `repeated`: of one that is not the first. */
class Attempt implements Starter {
  private readonly environment: Environment;
  private readonly wasOwned = isOwned();
  private readonly startedAs = startMoment();
  /** Nobody asks for it without a retry or a time-out. */
  private readonly began: number | Tick;
  private readonly budget: RetryBudget | undefined;
  private permit: Permit | undefined = undefined;
  private slot: Slot | undefined = undefined;
  private isHolding = false;
  private hasBegun = false;

  constructor(
    private readonly rules: Rules,
    private readonly call: Call,
    private readonly body: Body,
    private readonly repeated: Repetition | undefined,
  ) {
    const { retry } = rules;
    const environment = (this.environment = rules.environmentOf(call));
    this.began = rules.isExact ? environment.clock.monotonic() : retry ? beginning(environment.clock) : 0;
    this.budget = retry && rules.budgetOf(retry, environment, call.operation);
  }

  run(): Promise<unknown> {
    const { call, environment, began } = this;
    const { circuitBreaker, rateLimit, limit, places } = this.rules;
    try {
      if (!this.repeated) this.budget?.begin(typeof began === 'number' ? began : began.at);
      // Before anything is owed: its key may fail.
      const slot = places && (this.slot = places.of(call));
      if (circuitBreaker) {
        const admitted = circuitBreaker.admit(call, environment, limit);
        if (admitted instanceof CircuitOpenError) return this.turnedAway(admitted);
        this.permit = admitted;
      }
      if (rateLimit) {
        const rejection = rateLimit.take(call, environment);
        if (rejection) return this.turnedAway(rejection);
      }
      if (limit) return this.settled(this.limited(limit));
      if (!slot) return this.settled(this.begin(call));
      if (!slot.enter()) return this.settled(waitFor(slot, call, environment, () => this.hold()));
      return this.settled(this.hold());
    } catch (error) {
      return this.turnedAway(error);
    }
  }

  private settled(ended: Promise<unknown>): Promise<unknown> {
    return Promise.resolve(ended).then(
      (value) => this.succeeded(value),
      (error: unknown) => {
        const again = this.failed(error);
        if (again) return again;
        throw error;
      },
    );
  }

  private limited(limit: TimeoutPolicy): Promise<unknown> {
    const { call, environment, began } = this;
    return new Limited(call, environment, limit, limitMs(limit, call.attempt), began as number, this.slot).run(this);
  }

  private hold(): Promise<unknown> {
    this.isHolding = true;
    return this.begin(this.call);
  }

  /** Calls the body. What runs within it leaves the repeating to this call, if it repeats or is repeated itself. */
  begin(given: Running): Promise<unknown> {
    const part = this.rules.isLoop ? NOBODY : given;
    this.hasBegun = true;
    if (!this.repeated) return begin(part, this.body, this.rules.retry !== undefined || this.wasOwned);
    // Asked for by failures only, so that the good way needs no context.
    return runInScope({ ...currentScope(), repeats: true }, () => begin(part, this.body, true));
  }

  /** What a value makes of the call. Throws when it is not good enough for a repetition. */
  private succeeded(value: unknown): unknown {
    const { permit, repeated } = this;
    const { retry } = this.rules;
    try {
      if (permit) permit.succeeded();
      if (!retry?.retryOnResult || isGood(retry, value)) {
        if (this.budget) this.budget.end(true, repeated ? repeated.cost : 0);
        return value;
      }
    } finally {
      if (this.isHolding) (this.slot as Slot).leave();
    }
    if (!repeated) return this.again(retry, BAD_RESULT, value);
    repeated.value = value;
    const failure: unknown = BAD_RESULT;
    throw failure;
  }

  /** What an error makes of the call: attempts that follow, or nothing, and then it is the call's error. */
  private failed(error: unknown): Promise<unknown> | undefined {
    try {
      this.permit?.failed(error, this.call);
      // Given up before its body began: nothing has been done, and nobody's error says so.
      if (!this.rules.isLoop && (this.hasBegun || !isAborted(this.call))) this.call.onAttemptFailed?.(error);
    } finally {
      if (this.isHolding) (this.slot as Slot).leave();
    }
    const { retry } = this.rules;
    return retry && !this.repeated ? this.again(retry, error, undefined) : undefined;
  }

  private turnedAway(error: unknown): Promise<unknown> {
    try {
      return this.failed(error) ?? rejectedSoon(error);
    } catch (thrown) {
      return rejectedSoon(thrown);
    }
  }

  private async again(retry: RetryPolicy, first: unknown, value: unknown): Promise<unknown> {
    const { rules, call, body, environment, budget } = this;
    const startedAt = momentOf(this.began, environment.clock.monotonic());
    const repetition = new Repetition(retry, environment, budget, startedAt, this.wasOwned, rules, this.startedAs);
    repetition.value = value;
    for (let failure = first; ;) {
      const end = await repetition.next(call, failure);
      if (end && end.error === BAD_RESULT) return repetition.value;
      if (end) throw end.error;
      rootOf(call).attempt += 1;
      try {
        const answer = await new Attempt(rules, call, body, repetition).run();
        repetition.succeeded(call, answer);
        return answer;
      } catch (error) {
        failure = error;
      }
    }
  }
}

/** The body of a loop begins with its attempts, which ask their own call. */
const NOBODY: Running = { signal: undefined };

const soon = Promise.resolve();

/** A promise that is rejected when its caller had its turn to handle it: one that is rejected at once costs three times as much. */
function rejectedSoon(error: unknown): Promise<unknown> {
  return new Promise((_, reject) => void soon.then(() => reject(error as Error)));
}
