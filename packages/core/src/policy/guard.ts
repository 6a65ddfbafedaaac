import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import type { Call } from '../base/interceptor.js';
import { PlainCall, rootOf } from './call.js';
import type { Running } from './call.js';
import { compose } from './compose.js';
import { isIntercepting } from './intercept.js';
import type { Intercepting } from './intercept.js';
import type { Policy } from './policy.js';

/** What a guarded function is called in sentences and events, and whose time and chance it has. */
export interface GuardOptions {
  /** Such as `Payments.charge`; what stands before the last dot shares a retry budget. Default: the function's name. */
  readonly name?: string;
  /** Default: that of its policies, else the computer's clock and chance. */
  readonly environment?: Environment;
}

/** A function with its policies. */
export interface Guarded<A extends readonly unknown[], R> {
  (...args: A): Promise<R>;
  /** The same for a caller who may give up: waits and pauses end at once, and the body is told by its signal. */
  with(caller: { readonly signal: AbortSignal }): (...args: A) => Promise<R>;
}

const schema = z.strictObject({ name: z.string().min(1).optional(), environment: z.custom<Environment>().optional() });

/**
 * Puts policies around a function. Their order does not matter: outside is the fallback, then a time-out for all
 * attempts, retry, hedge, circuit breaker, rate limit, the time-out of an attempt, bulkhead, and the function. What is put
 * there by `intercept` stands outside of all, or around the function.
 * A policy that is given to several functions is shared by them. Errors come out as they went in.
 * @throws ConfigurationError when there are two of one kind.
 */
export function guard<A extends readonly unknown[], R>(
  fn: (...args: A) => R | PromiseLike<R>,
  ...given: readonly (Policy | Intercepting | GuardOptions)[]
): Guarded<A, R> {
  const policies = given.filter(isPolicy);
  const options = optionsOf(fn.name, given);
  const environment =
    options.environment ?? policies.find((one): one is Policy => !isIntercepting(one) && one.environment !== undefined)?.environment;
  const name = options.name ?? (fn.name || 'guarded');
  const chain = compose(policies, environment, `guard(${name})`);
  // One for all calls: what differs is in the call.
  const body = (running: Running): Promise<unknown> => {
    const { self, args } = rootOf(running as Call) as PlainCall;
    return fn.apply(self, args as never) as Promise<R>;
  };
  const run = (self: unknown, args: A, signal: AbortSignal | undefined): Promise<R> => {
    // A signal that is aborted already: nothing begins.
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const call = new PlainCall(name, args, signal, environment, self);
    return (call.told = chain(call, body)) as Promise<R>;
  };
  const guarded = function (this: unknown, ...args: A): Promise<R> {
    return run(this, args, undefined);
  };
  return Object.assign(guarded, {
    with: ({ signal }: { readonly signal: AbortSignal }) =>
      function (this: unknown, ...args: A): Promise<R> {
        return run(this, args, signal);
      },
  });
}

const isPolicy = (one: Policy | Intercepting | GuardOptions): one is Policy | Intercepting => typeof one === 'function' && 'kind' in one;

function optionsOf(name: string, given: readonly (Policy | Intercepting | GuardOptions)[]): GuardOptions {
  let options: GuardOptions = {};
  for (const one of given) {
    if (isPolicy(one)) continue;
    checkOptions(`guard(${name})`, schema, one);
    options = { ...options, ...one };
  }
  return options;
}
