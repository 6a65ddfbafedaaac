import type { Environment } from '../base/environment.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import type { Chain } from './call.js';
import { fuse } from './chain.js';
import type { Parts } from './chain.js';

/** What a policy may be; outermost first. There is one order, wherever and however they are written. */
export type Kind = Exclude<keyof Parts, 'scope'>;

/** A policy by itself: an interceptor, which `guard` recognises by its kind and makes one function of with others. */
export interface Policy<K extends Kind = Kind> extends Interceptor {
  readonly kind: K;
  readonly part: NonNullable<Parts[K]>;
  readonly environment: Environment | undefined;
}

/** Makes an interceptor of a part; `handle`: what its owner may ask it for. */
export function policyOf<K extends Kind>(kind: K, part: NonNullable<Parts[K]>, environment?: Environment): Policy<K> {
  let chain: Chain | undefined;
  const interceptor = (call: Call, next: () => Promise<unknown>): Promise<unknown> =>
    (chain ??= fuse({ [kind]: part } as Parts, environment))(call, next);
  return Object.assign(interceptor, { kind, part, environment });
}
