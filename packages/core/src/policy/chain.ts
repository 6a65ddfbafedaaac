import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { hot } from './attempt.js';
import type { HotParts } from './attempt.js';
import type { Chain } from './call.js';
import { withFallback } from './instead.js';
import type { FallbackPolicy } from './instead.js';
import { withDeadline } from './limited.js';
import type { TimeoutPolicy } from './limited.js';
import type { Bulkhead } from './places.js';
import type { Hedge } from './race.js';

/** All that may stand around a body, outermost first. There is one order, however they are written. */
export interface Parts extends HotParts {
  readonly fallback?: FallbackPolicy;
  /** A bulkhead whose place is kept over all attempts. */
  readonly gate?: Bulkhead;
  /** A time-out for all attempts together. */
  readonly deadline?: TimeoutPolicy;
  readonly hedge?: Hedge;
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
