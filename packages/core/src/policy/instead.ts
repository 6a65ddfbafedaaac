import type { Environment } from '../base/environment.js';
import { matches } from '../base/failure.js';
import type { Matcher } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { begin, isAborted, rootOf, setArgs } from './call.js';
import type { Chain } from './call.js';
import { keepInfo, recoveryInfo } from './info.js';

/** Gives an answer in place of the one that cannot be had: it is given the arguments of the call, and the error. */
export type FallbackMethod = (...given: never[]) => unknown;

export interface FallbackPolicy {
  readonly methodsFor: (error: unknown) => readonly FallbackMethod[];
  readonly applyOn: readonly Matcher[] | undefined;
  readonly skipOn: readonly Matcher[];
}

/** The outermost layer: what comes out of it is the answer. */
export function withFallback(policy: FallbackPolicy, inner: Chain, environmentOf: (call: Call) => Environment): Chain {
  return (call, body) => {
    const { args } = call;
    const promise: Promise<unknown> = inner(call, body).catch((error: unknown) => {
      const methods = methodsFor(policy, call, error);
      if (methods.length === 0) return Promise.reject(error as Error);
      return instead(methods, { call, args, error, environment: environmentOf(call), promise });
    });
    return promise;
  };
}

/** A call that has failed. */
export interface Failed {
  readonly call: Call;
  /** What the caller gave: at the end of its time a call may have repaired arguments. */
  readonly args: readonly unknown[];
  readonly error: unknown;
  readonly environment: Environment;
  /** What its answer is known by, where its caller has no other promise. */
  readonly promise: Promise<unknown>;
}

/** The answer of those who answer for a call, when its attempts are over. */
export function instead(methods: readonly FallbackMethod[], { call, args, error, environment, promise }: Failed): Promise<unknown> {
  if (call.args !== args) setArgs(call, args);
  return answer(methods, call, error, environment, () => rootOf(call).told ?? promise);
}

/** Who answers in its place, one after the other; nobody when it is not answered for. */
export const methodsFor = (policy: FallbackPolicy, call: Call, error: unknown): readonly FallbackMethod[] =>
  isAnswered(policy, call, error) ? policy.methodsFor(error) : [];

function isAnswered({ applyOn, skipOn }: FallbackPolicy, call: Call, error: unknown): boolean {
  if (isAborted(call) || call.mayGoOn?.() === false || matches(error, skipOn)) return false;
  return !applyOn || matches(error, applyOn);
}

/** Calls somebody else's code under a signal of its own: that of the call may be over. */
export const aside = (fn: (...given: never[]) => unknown, given: readonly unknown[]): Promise<unknown> =>
  begin({ signal: undefined }, async () => (fn as (...args: readonly unknown[]) => unknown)(...given), false);

/** Asks them; `promise`: what the answer is known by. */
export async function answer(
  methods: readonly FallbackMethod[],
  call: Call,
  primary: unknown,
  { events, clock }: Environment,
  promise: () => Promise<unknown> | undefined,
): Promise<unknown> {
  const before = recoveryInfo(primary);
  const errors = [...(before?.errors ?? [primary])];
  const info = () => ({ attempts: before?.attempts ?? call.attempt, ...(before?.reason && { reason: before.reason }), errors });
  let last = primary;
  for (const method of methods) {
    try {
      const value = await aside(method, [...call.args, primary]);
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
