import { distance } from './equality.js';
import type { Tally, Verdict, Vote, Voter } from './vote.js';

/** No answer. */
export const X = Symbol('x');

/** What has come in of `parts` when the replicas of `arrived` have answered. */
export function tallyOf(parts: readonly unknown[], arrived: readonly number[] = parts.map((_, i) => i), tolerance = 0): Tally {
  const votes = parts.map((part, i): Vote | undefined => {
    if (!arrived.includes(i)) return undefined;
    return part === X ? { kind: 'blank' } : { kind: 'value', part };
  });
  return { votes, arrived, ballots: [], distance: (a, b) => distance(parts[a], parts[b], tolerance) };
}

/** The first verdict on the way, and how many ballots it took. */
export function onTheWay(voter: Voter, parts: readonly unknown[], order: readonly number[], tolerance = 0): [Verdict, number] {
  for (let count = 0; count <= order.length; count++) {
    const verdict = voter.judge(tallyOf(parts, order.slice(0, count), tolerance));
    if (verdict) return [verdict, count];
  }
  throw new Error('no verdict though all ballots are in');
}

/** What the verdict gives to the caller: a value, or why there is none. */
export function resultOf(verdict: Verdict | undefined, parts: readonly unknown[]): unknown {
  if (!verdict) return 'open';
  return verdict.won ? (verdict.mean ?? parts[verdict.winner]) : verdict.reason;
}

export function permutations(n: number): readonly (readonly number[])[] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((order) => Array.from({ length: n }, (_, i) => [...order.slice(0, i), n - 1, ...order.slice(i)]));
}
