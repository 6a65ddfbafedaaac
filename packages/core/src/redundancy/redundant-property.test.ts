import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RedundantOptions } from './options.js';
import { at, broken, hangs, setUp } from './redundant.fixture.js';

const LIMIT_MS = 100;
const answers = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) },
  { weight: 1, arbitrary: fc.constant(broken) },
  { weight: 1, arbitrary: fc.constant('hangs' as const) },
);
const replicas = fc.array(fc.record({ answer: answers, ms: fc.integer({ min: 0, max: LIMIT_MS - 1 }) }), { minLength: 1, maxLength: 6 });
const votes: readonly RedundantOptions<number>[] = [
  { vote: 'majority' },
  { vote: 'unanimous' },
  { vote: 'median' },
  { vote: 'mean' },
  { vote: 'majority', tolerance: 1 },
  { vote: 'plurality', minVotes: 1 },
  { vote: 'plurality', minVotes: 1, tie: 'first' },
];

/** The value, or that there is none; and how long it took. */
async function resultOf(
  given: readonly { readonly answer: number | Error | 'hangs'; readonly ms: number }[],
  options: RedundantOptions<number>,
): Promise<{ readonly result: unknown; readonly ms: number; readonly timers: number; readonly asked: number }> {
  const acts = given.map(({ answer, ms }) => (answer === 'hangs' ? hangs : at(ms, answer)));
  const { run, clock, started } = setUp<number>(acts, { replicaTimeout: LIMIT_MS, ...options });
  const end = await run();
  // Timers of replicas that sleep are theirs; those of the vote are due at its limit.
  const timers = clock.timers.filter(({ due }) => due % LIMIT_MS === 0 && due > clock.at).length;
  const result = end?.status === 'fulfilled' ? end.value.value : end && 'none';
  return { result, ms: clock.at, timers, asked: started.length };
}

describe('a redundant call', () => {
  it.each(votes)('VT-40 by $vote comes to the same, whenever each replica answers and however they are asked', async (vote) => {
    await fc.assert(
      fc.asyncProperty(replicas, fc.constantFrom('abort', 'detach'), async (given, stragglers) => {
        const whole = await resultOf(given, { ...vote, stragglers: 'await' });
        const early = await resultOf(given, { ...vote, stragglers });
        const lazy = await resultOf(given, { ...vote, stragglers, mode: 'lazy' });
        const inTurn = await resultOf(
          given.map(({ answer }, i) => ({ answer, ms: i })),
          vote,
        );
        expect([early.result, lazy.result, inTurn.result]).toEqual([whole.result, whole.result, whole.result]);
        expect(early.ms).toBeLessThanOrEqual(whole.ms);
        expect(lazy.asked).toBeLessThanOrEqual(given.length);
        expect(inTurn.timers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
