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
import { withFallback } from './instead.js';
import type { FallbackPolicy } from './instead.js';
import type { Hedge } from './race.js';
import type { RateLimiter } from './limiter.js';
import { BAD_RESULT, budgetOf, Repetition, startMoment } from './repeat.js';
import type { RetryPolicy } from './retry-policy.js';
import { limitMs, Limited, withDeadline } from './limited.js';
import type { TimeoutPolicy } from './limited.js';

/** All that may stand around a body, outermost first. There is one order, however they are written. */
export interface Parts {
  readonly fallback?: FallbackPolicy;
  /** A bulkhead whose place is kept over all attempts. */
  readonly gate?: Bulkhead;
  /** A time-out for all attempts together. */
  readonly deadline?: TimeoutPolicy;
  readonly retry?: RetryPolicy;
  readonly hedge?: Hedge;
  readonly circuitBreaker?: CircuitBreaker;
  readonly rateLimit?: RateLimiter;
  readonly timeout?: TimeoutPolicy;
  readonly bulkhead?: Bulkhead;
}

let standard: Environment | undefined;

/** One function of all parts. Their environment is the given one, else the call's, else the computer's. */
export function fuse(parts: Parts, given?: Environment): Chain {
  const environmentOf = (call: Call): Environment => given ?? call.environment ?? (standard ??= createEnvironment());
  const { fallback, gate, deadline, hedge } = parts;
  let chain: Chain;
  if (hedge) {
    const { retry, ...each } = parts;
    const copy = hot(each, environmentOf);
    const loop = hot(retry ? { retry } : {}, environmentOf);
    chain = (call, body) => loop(call, () => hedge.run(call, environmentOf(call), (part) => copy(part, body)));
  } else {
    chain = hot(parts, environmentOf);
  }
  if (deadline && deadline.valueMs > 0) chain = withDeadline(deadline, chain, environmentOf);
  if (gate) chain = gated(gate, chain, environmentOf);
  return fallback ? withFallback(fallback, chain, environmentOf) : chain;
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

/** The part that every call pays for: one async function, whose locals are its record. */
function hot({ retry, circuitBreaker, rateLimit, timeout, bulkhead }: Parts, environmentOf: (call: Call) => Environment): Chain {
  // Who it is for calls around it and within it.
  const by = {};
  const budgets = retry && lastBudget(retry);
  const limit = timeout && timeout.valueMs > 0 ? timeout : undefined;
  return async (call, body) => {
    const environment = environmentOf(call);
    const wasOwned = isOwned();
    const owns = retry !== undefined || wasOwned;
    const startedAt = retry ? environment.clock.monotonic() : 0;
    const startedAs = startMoment();
    const budget = budgets?.(environment, call.operation);
    budget?.begin(startedAt);
    let repetition: Repetition | undefined;
    for (;;) {
      let permit: Permit | undefined;
      let isHolding = false;
      let value: unknown;
      let failure: unknown = BAD_RESULT;
      try {
        if (circuitBreaker) permit = circuitBreaker.admit(call, environment, limit);
        if (rateLimit) rateLimit.take(call, environment);
        if (limit) {
          value = await timed(call, body, environment, limit, bulkhead, owns, repetition);
        } else {
          if (bulkhead) {
            if (!bulkhead.enter()) await bulkhead.wait(call, environment);
            isHolding = true;
          }
          value = await (repetition ? beginAgain(call, body) : begin(call as Begun, body, owns));
        }
        if (permit) permit.succeeded();
        if (!retry?.retryOnResult || isGood(retry, value)) {
          budget?.end(true, repetition?.cost ?? 0);
          repetition?.succeeded(value);
          return value;
        }
      } catch (error) {
        failure = error;
        permit?.failed(error, call);
        call.onAttemptFailed?.(error);
      } finally {
        if (isHolding) (bulkhead as Bulkhead).leave();
      }
      if (!retry) throw failure;
      repetition ??= new Repetition(retry, environment, budget, startedAt, wasOwned, by, startedAs);
      const end = await repetition.next(call, failure);
      if (end) {
        budget?.end(false, repetition.cost);
        if (end.error === BAD_RESULT) return value;
        throw end.error;
      }
      rootOf(call).attempt += 1;
    }
  };
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
  repetition: object | undefined,
): Promise<unknown> {
  const start = (part: Limited): Promise<unknown> => (repetition ? beginAgain(part, body) : begin(part, body, owns));
  const within = async (part: Limited): Promise<unknown> => {
    if (!(bulkhead as Bulkhead).enter()) await (bulkhead as Bulkhead).wait(part, environment);
    try {
      return await start(part);
    } finally {
      (bulkhead as Bulkhead).leave();
    }
  };
  return new Limited(call, environment, limit, limitMs(limit, rootOf(call).attempt)).run(bulkhead ? within : start);
}

function isGood({ retryOnResult }: RetryPolicy, value: unknown): boolean {
  try {
    return !retryOnResult?.(value);
  } catch {
    // A question that fails is no answer.
    return true;
  }
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
