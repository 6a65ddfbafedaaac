import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { Bodies } from './bodies.js';
import { hot } from './attempt.js';
import type { HotParts } from './attempt.js';
import type { Chain } from './call.js';
import type { Detector } from './detector.js';
import { withFallback } from './instead.js';
import type { FallbackPolicy } from './instead.js';
import { withDeadline } from './limited.js';
import type { TimeoutPolicy } from './limited.js';
import { waitFor } from './places.js';
import type { Places } from './places.js';
import type { Hedge } from './race.js';
import { recovered } from './recovered.js';
import type { Attempt } from './recovered.js';
import type { RecoveryPlan } from './rules.js';

/** All that may stand around a body, outermost first. There is one order, however they are written. */
export interface Parts extends HotParts {
  readonly fallback?: FallbackPolicy;
  /** What somebody else puts around all attempts. */
  readonly scope?: (inner: Chain) => Chain;
  /** A bulkhead whose place is kept over all attempts. */
  readonly gate?: Places;
  /** A time-out for all attempts together. */
  readonly deadline?: TimeoutPolicy;
  readonly recover?: RecoveryPlan;
  readonly repair?: RecoveryPlan;
  readonly hedge?: Hedge;
  readonly detect?: Detector;
}

let standard: Environment | undefined;

/** One function of all parts. Their environment is the given one, else the call's, else the computer's. */
export function fuse(parts: Parts, given?: Environment): Chain {
  const environmentOf = (call: Call): Environment => given ?? call.environment ?? (standard ??= createEnvironment());
  const { fallback, scope, gate, deadline, hedge, detect, recover, repair } = parts;
  let chain: Chain;
  if (recover ?? repair) {
    chain = recovered(parts, attemptOf(parts, environmentOf), environmentOf);
  } else if (hedge) {
    const { retry, ...each } = parts;
    const copy = hot(each, environmentOf);
    const loop = hot(retry ? { retry } : {}, environmentOf, true);
    chain = (call, body) => loop(call, () => hedge.run(call, environmentOf(call), (part) => copy(part, body)));
  } else {
    chain = hot(parts, environmentOf);
  }
  if (detect) chain = detected(detect, chain, environmentOf);
  if (deadline && deadline.valueMs > 0) chain = withDeadline(deadline, chain, environmentOf);
  if (gate) chain = gated(gate, chain, environmentOf);
  if (scope) chain = scope(chain);
  if (fallback) chain = withFallback(fallback, chain, environmentOf);
  return chain;
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

export function gated(places: Places, inner: Chain, environmentOf: (call: Call) => Environment): Chain {
  return async (call, body) => {
    const gate = places.of(call);
    const bodies = new Bodies();
    const run = async (): Promise<unknown> => {
      try {
        return await inner(call, bodies.counting(body));
      } finally {
        bodies.whenNone(() => gate.leave());
      }
    };
    return gate.enter() ? run() : waitFor(gate, call, environmentOf(call), run);
  };
}
