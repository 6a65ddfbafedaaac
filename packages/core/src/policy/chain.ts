import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { currentScope, runInScope } from '../base/scope.js';
import type { RetryBudget } from './budget.js';
import type { Bulkhead } from './places.js';
import { begin, isOwned, rootOf } from './call.js';
import type { Body, Chain } from './call.js';
import type { CircuitBreaker } from './breaker.js';
import type { Permit } from './circuit.js';
import type { Detector } from './detector.js';
import { withFallback } from './instead.js';
import type { FallbackPolicy } from './instead.js';
import type { Hedge } from './race.js';
import type { RateLimiter } from './limiter.js';
import { recovered, toldOf } from './recovered.js';
import type { Attempt } from './recovered.js';
import { BAD_RESULT, budgetOf, isGood, Repetition, startMoment } from './repeat.js';
import type { RetryPolicy } from './retry-policy.js';
import type { RecoveryPlan } from './rules.js';
import { limitMs, Limited, withDeadline } from './limited.js';
import type { TimeoutPolicy } from './limited.js';

/** All that may stand around a body, outermost first. There is one order, however they are written. */
export interface Parts {
  readonly fallback?: FallbackPolicy;
  /** A bulkhead whose place is kept over all attempts. */
  readonly gate?: Bulkhead;
  /** A time-out for all attempts together. */
  readonly deadline?: TimeoutPolicy;
  readonly recover?: RecoveryPlan;
  readonly repair?: RecoveryPlan;
  readonly retry?: RetryPolicy;
  readonly hedge?: Hedge;
  readonly circuitBreaker?: CircuitBreaker;
  readonly rateLimit?: RateLimiter;
  readonly timeout?: TimeoutPolicy;
  readonly bulkhead?: Bulkhead;
  readonly detect?: Detector;
}

let standard: Environment | undefined;

/** One function of all parts. Their environment is the given one, else the call's, else the computer's. */
export function fuse(parts: Parts, given?: Environment): Chain {
  const environmentOf = (call: Call): Environment => given ?? call.environment ?? (standard ??= createEnvironment());
  const { fallback, gate, deadline, hedge, detect, recover, repair } = parts;
  let chain: Chain;
  if (recover ?? repair) {
    chain = recovered(parts, attemptOf(parts, environmentOf), environmentOf);
  } else if (hedge) {
    const { retry, ...each } = parts;
    const copy = hot(each, environmentOf);
    const loop = hot(retry ? { retry } : {}, environmentOf);
    chain = (call, body) => loop(call, () => hedge.run(call, environmentOf(call), (part) => copy(part, body)));
  } else {
    chain = hot(parts, environmentOf);
  }
  if (detect) chain = detected(detect, chain, environmentOf);
  if (deadline && deadline.valueMs > 0) chain = withDeadline(deadline, chain, environmentOf);
  if (gate) chain = gated(gate, chain, environmentOf);
  if (fallback) chain = withFallback(fallback, chain, environmentOf);
  return (recover ?? repair) ? toldOf(chain) : chain;
}

/** One attempt of a call whose repetitions are counted elsewhere, with its copies. */
function attemptOf({ retry: _retry, ...parts }: Parts, environmentOf: (call: Call) => Environment): Attempt {
  const { hedge, timeout } = parts;
  const of = (factor: number): Chain => {
    const longer = timeout && { ...timeout, valueMs: Math.min(timeout.valueMs * factor, timeout.maxMs) };
    const copy = hot(factor === 1 || !longer ? parts : { ...parts, timeout: longer }, environmentOf);
    return hedge ? (call, body) => hedge.run(call, environmentOf(call), (part) => copy(part, body)) : copy;
  };
  const plain = of(1);
  return (factor) => (factor === 1 ? plain : of(factor));
}

function detected(detector: Detector, inner: Chain, environmentOf: (call: Call) => Environment): Chain {
  return (call, body) => inner(call, detector.around(call, body, environmentOf));
}

function gated(gate: Bulkhead, inner: Chain, environmentOf: (call: Call) => Environment): Chain {
  return async (call, body) => {
    if (!gate.enter()) await gate.wait(call, environmentOf(call));
    try {
      return await inner(call, body);
    } finally {
      gate.leave();
    }
  };
}

/** The part that every call pays for: one async function, whose locals are its record. What follows on a failure is `again`. */
function hot({ retry, circuitBreaker, rateLimit, timeout, bulkhead }: Parts, environmentOf: (call: Call) => Environment): Chain {
  // Who it is for calls around it and within it.
  const by = {};
  const budgets = retry && lastBudget(retry);
  const limit = timeout && timeout.valueMs > 0 ? timeout : undefined;

  const attempt = async (call: Call, body: Body, repeated: Repetition | undefined): Promise<unknown> => {
    const environment = environmentOf(call);
    const wasOwned = isOwned();
    const startedAs = startMoment();
    const startedAt = retry || limit ? environment.clock.monotonic() : 0;
    if (budgets && !repeated) budgets(environment, call.operation)?.begin(startedAt);
    let permit: Permit | undefined;
    let isHolding = false;
    let failure: unknown = BAD_RESULT;
    let value: unknown;
    try {
      if (circuitBreaker) permit = circuitBreaker.admit(call, environment, limit);
      if (rateLimit) rateLimit.take(call, environment);
      if (limit) {
        value = await timed(call, body, environment, limit, bulkhead, retry !== undefined || wasOwned, startedAt, repeated);
      } else {
        if (bulkhead) {
          if (!bulkhead.enter()) await bulkhead.wait(call, environment);
          isHolding = true;
        }
        value = await (repeated ? beginAgain(call, body) : begin(call as Begun, body, retry !== undefined || wasOwned));
      }
      if (permit) permit.succeeded();
      if (!retry?.retryOnResult || isGood(retry, value)) {
        if (budgets) budgets(environment, call.operation)?.end(true, repeated?.cost ?? 0);
        return value;
      }
    } catch (error) {
      failure = error;
      permit?.failed(error, call);
      call.onAttemptFailed?.(error);
    } finally {
      if (isHolding) (bulkhead as Bulkhead).leave();
    }
    if (repeated) repeated.value = value;
    if (!retry || repeated) throw failure;
    const repetition = new Repetition(retry, environment, budgets?.(environment, call.operation), startedAt, wasOwned, by, startedAs);
    repetition.value = value;
    return again(call, body, repetition, failure);
  };

  const again = async (call: Call, body: Body, repetition: Repetition, first: unknown): Promise<unknown> => {
    for (let failure = first; ;) {
      const end = await repetition.next(call, failure);
      if (end && end.error === BAD_RESULT) return repetition.value;
      if (end) throw end.error;
      rootOf(call).attempt += 1;
      try {
        const value = await attempt(call, body, repetition);
        repetition.succeeded(value);
        return value;
      } catch (error) {
        failure = error;
      }
    }
  };

  return (call, body) => attempt(call, body, undefined);
}

type Begun = Call & { begin?(): void };

/** What runs within leaves the repeating to this call. Asked for by failures only, so that the good way needs no context. */
const beginAgain = (call: Begun, body: Body): Promise<unknown> =>
  runInScope({ ...currentScope(), repeats: true }, () => begin(call, body, true));

function timed(
  call: Call,
  body: Body,
  environment: Environment,
  limit: TimeoutPolicy,
  bulkhead: Bulkhead | undefined,
  owns: boolean,
  startedAt: number,
  repetition: object | undefined,
): Promise<unknown> {
  const start = (part: Limited): Promise<unknown> => (repetition ? beginAgain(part, body) : begin(part, body, owns));
  return new Limited(call, environment, limit, limitMs(limit, rootOf(call).attempt), startedAt, bulkhead).run(start);
}

/** The budget of the last call is mostly the one of the next. */
function lastBudget(retry: RetryPolicy): (environment: Environment, operation: string) => RetryBudget | undefined {
  let last: { readonly environment: Environment; readonly operation: string; readonly budget: RetryBudget | undefined } | undefined;
  return (environment, operation) => {
    if (last?.environment !== environment || last.operation !== operation) {
      last = { environment, operation, budget: budgetOf(retry, environment, operation) };
    }
    return last.budget;
  };
}
