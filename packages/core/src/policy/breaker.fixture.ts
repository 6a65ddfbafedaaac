import { circuitBreaker } from './circuit-breaker.js';
import type { CircuitBreakerOptions } from './breaker.js';
import { CircuitOpenError } from './errors.js';
import { guard } from './guard.js';
import { retry } from './retry.js';
import type { RetryOptions } from './retry-policy.js';
import { E, world } from './world.fixture.js';

/** A guarded function whose next answers are told beforehand: S, F, or a promise. */
export function setUp(options: CircuitBreakerOptions, retries?: RetryOptions) {
  const w = world();
  const breaker = circuitBreaker({ requestVolumeThreshold: 4, failureRatio: 0.75, delay: 1000, ...options });
  let runs = 0;
  let next: () => unknown = () => undefined;
  const guarded = guard(
    async (_key?: string) => {
      runs += 1;
      return next();
    },
    breaker,
    ...(retries ? [retry(retries)] : []),
    { environment: w.environment },
  );
  const call = async (answer: 'S' | 'F' | (() => unknown), key?: string): Promise<string> => {
    next = typeof answer === 'function' ? answer : () => (answer === 'F' ? Promise.reject(new E('no')) : 'yes');
    const end = await w.clock.drive(guarded(key));
    return end?.status === 'fulfilled' ? 'S' : end?.reason instanceof CircuitOpenError ? 'open' : 'F';
  };
  const calls = async (answers: string): Promise<string> => {
    const ends = [];
    for (const one of answers.split(' ')) ends.push(await call(one as 'S' | 'F'));
    return ends.join(' ');
  };
  return { ...w, breaker, guarded, call, calls, runs: () => runs, setNext: (fn: () => unknown) => (next = fn) };
}
