import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import { matches } from '../base/failure.js';
import type { Matcher } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { checkOptions } from '../base/options.js';
import { begin, isAborted } from './call.js';
import type { Chain } from './call.js';
import { keepInfo, recoveryInfo } from './info.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** Gives an answer in place of the one that cannot be had: it is given the arguments of the call, and the error. */
export type FallbackMethod<A extends readonly unknown[] = never[], R = unknown> = (...given: [...A, unknown]) => R;

/** What is answered when nothing else helps. One of `fallbackMethod`, `value` and `by`. */
export interface FallbackOptions {
  /** One, or several of which each is asked when the one before has failed. */
  readonly fallbackMethod?: FallbackMethod | readonly FallbackMethod[];
  /** The answer itself. */
  readonly value?: unknown;
  /** A method for each kind of error; the first that fits. What fits none is not answered for. */
  readonly by?: readonly { readonly on: Matcher | readonly Matcher[]; readonly method: FallbackMethod }[];
  /** Errors that are answered for. Default: all. */
  readonly applyOn?: readonly Matcher[];
  /** Errors that are not, whatever `applyOn` says; besides `AbortError` and `ConfigurationError`. */
  readonly skipOn?: readonly Matcher[];
}

export interface FallbackPolicy {
  readonly methodsFor: (error: unknown) => readonly FallbackMethod[];
  readonly applyOn: readonly Matcher[] | undefined;
  readonly skipOn: readonly Matcher[];
}

const matcher = z.union([z.string().min(1), z.function()]);
const matchers = z.array(matcher);
const schema = z.strictObject({
  fallbackMethod: z.union([z.function(), z.array(z.function()).min(1)]).optional(),
  value: z.unknown().optional(),
  by: z.array(z.strictObject({ on: z.union([matcher, matchers]), method: z.function() })).optional(),
  applyOn: matchers.optional(),
  skipOn: matchers.optional(),
});

/**
 * Answers for a call that has failed, after all repetitions. Not when its caller has given up. `recoveryInfo` tells such
 * an answer from a real one.
 * @throws ConfigurationError when an option does not fit.
 */
export function fallback(given: FallbackOptions | FallbackMethod, environment?: Environment, subject = 'fallback'): Policy<'fallback'> {
  const options: FallbackOptions = typeof given === 'function' ? { fallbackMethod: given } : given;
  checkOptions(subject, schema, options);
  if ([options.fallbackMethod, options.by].filter(Boolean).length + ('value' in options ? 1 : 0) !== 1) {
    throw new ConfigurationError([
      { subject, cause: 'It needs one of fallbackMethod, value and by.', remedy: 'Give that one, and no other.' },
    ]);
  }
  return policyOf('fallback', fallbackPolicy(options), environment);
}

function fallbackPolicy(options: FallbackOptions): FallbackPolicy {
  const { fallbackMethod, by, value, applyOn } = options;
  const all = by ? [] : fallbackMethod ? [fallbackMethod].flat() : [() => value];
  const list = (on: Matcher | readonly Matcher[]): readonly Matcher[] => (Array.isArray(on) ? (on as readonly Matcher[]) : [on as Matcher]);
  return {
    methodsFor: by
      ? (error) =>
          by
            .filter(({ on }) => matches(error, list(on)))
            .slice(0, 1)
            .map(({ method }) => method)
      : () => all as readonly FallbackMethod[],
    applyOn,
    skipOn: ['AbortError', 'ConfigurationError', ...(options.skipOn ?? [])],
  };
}

/** The outermost layer: what comes out of it is the answer. */
export function withFallback(policy: FallbackPolicy, inner: Chain, environmentOf: (call: Call) => Environment): Chain {
  return (call, body) => {
    const promise: Promise<unknown> = inner(call, body).catch((error: unknown) => {
      const methods = isAnswered(policy, call, error) ? policy.methodsFor(error) : [];
      return methods.length === 0 ? Promise.reject(error as Error) : answer(methods, call, error, environmentOf(call), () => promise);
    });
    return promise;
  };
}

function isAnswered({ applyOn, skipOn }: FallbackPolicy, call: Call, error: unknown): boolean {
  if (isAborted(call) || call.mayGoOn?.() === false || matches(error, skipOn)) return false;
  return !applyOn || matches(error, applyOn);
}

async function answer(
  methods: readonly FallbackMethod[],
  call: Call,
  primary: unknown,
  { events, clock }: Environment,
  promise: () => Promise<unknown>,
): Promise<unknown> {
  const before = recoveryInfo(primary);
  const errors = [...(before?.errors ?? [primary])];
  const info = () => ({ attempts: before?.attempts ?? call.attempt, ...(before?.reason && { reason: before.reason }), errors });
  let last = primary;
  for (const method of methods) {
    try {
      // Under a signal of its own: that of the call may be over.
      const run = async (): Promise<unknown> => (method as (...args: readonly unknown[]) => unknown)(...call.args, primary);
      const value = await begin({ signal: undefined }, run, false);
      for (const about of [value, promise()]) keepInfo(about, { ...info(), fallback: true });
      if (events.listening) {
        events.publish({ name: 'fallback.applied', at: clock.now(), error: primary, details: { operation: call.operation } });
      }
      return value;
    } catch (error) {
      errors.push(error);
      last = error;
    }
  }
  if (last instanceof Error && last !== primary && last.cause === undefined && Object.isExtensible(last)) {
    Object.defineProperty(last, 'cause', { value: primary, configurable: true, writable: true });
  }
  keepInfo(last, info());
  throw last;
}
