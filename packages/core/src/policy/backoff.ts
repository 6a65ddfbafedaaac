import type { RetryPolicy } from './retry-policy.js';

/** The pause after `done` repetitions; `chance` is in [0, 1). */
export function backoffMs(policy: RetryPolicy, done: number, chance: number): number {
  const grownMs = Math.min(policy.delayMs * growth(policy, done), policy.maxDelayMs);
  if (policy.jitter === 'none') return grownMs;
  if (policy.jitter === 'full') return grownMs * chance;
  return Math.min(Math.max(0, grownMs + policy.jitter * (2 * chance - 1)), policy.maxDelayMs);
}

function growth({ backoff, factor }: RetryPolicy, done: number): number {
  if (backoff === 'constant') return 1;
  if (backoff === 'exponential') return Math.min(factor ** done, Number.MAX_VALUE);
  let [one, two] = [1, 2];
  for (let i = 0; i < done && one < Number.MAX_SAFE_INTEGER; i++) [one, two] = [two, one + two];
  return one;
}
