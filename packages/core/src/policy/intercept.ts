import { z } from 'zod';
import { chain } from '../base/interceptor.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import { checkOptions } from '../base/options.js';
import { begin, isOwned } from './call.js';
import type { Chain } from './call.js';

/** Where an interceptor of one's own stands. */
export interface InterceptOptions {
  /** `invocation`: outside of all policies, once for a call. `attempt`: around the body, once for each attempt. Default: `invocation`. */
  readonly scope?: 'invocation' | 'attempt';
}

/** An interceptor of one's own, among policies. */
export interface Intercepting extends Interceptor {
  readonly kind: 'early' | 'late';
  readonly around: Interceptor;
}

const schema = z.strictObject({ scope: z.enum(['invocation', 'attempt']).optional() });

/**
 * Puts an interceptor of one's own among policies; several of them stand in the order in which they are given.
 * @throws ConfigurationError when an option does not fit.
 */
export function intercept(interceptor: Interceptor, options: InterceptOptions = {}, subject = 'intercept'): Intercepting {
  checkOptions(subject, schema, options);
  checkOptions(subject, z.function(), interceptor);
  const around: Interceptor = (call, next) => interceptor(call, next);
  return Object.assign((call: Call, next: () => Promise<unknown>) => interceptor(call, next), {
    kind: options.scope === 'attempt' ? ('late' as const) : ('early' as const),
    around,
  });
}

/** Whether it is an interceptor of somebody's own, and no policy. */
export const isIntercepting = (one: { readonly kind: string }): one is Intercepting => one.kind === 'early' || one.kind === 'late';

/** Puts interceptors outside of a chain, and around each of its attempts. */
export function withInterceptors(given: readonly Intercepting[], inner: Chain): Chain {
  const of = (kind: 'early' | 'late') => given.filter((one) => one.kind === kind).map(({ around }) => around);
  const [early, late] = [of('early'), of('late')];
  const [outside, inside] = [chain(early), chain(late)];
  const each: Chain = (call, body) =>
    inner(call, (running) => {
      const owns = isOwned();
      const part = 'operation' in running ? (running as Call) : call;
      // The body may begin in a later turn, and still asks for the signal of its attempt.
      return inside(part, async () => begin(running, body, owns));
    });
  const attempts = late.length === 0 ? inner : each;
  return early.length === 0 ? attempts : async (call, body) => outside(call, () => attempts(call, body));
}
