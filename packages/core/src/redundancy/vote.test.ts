import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pluralityVoter, quorumVoter } from './agreement.js';
import type { Tie } from './agreement.js';
import { isNumeric, meanVoter, medianVoter } from './numeric.js';
import { X, onTheWay, permutations, resultOf, tallyOf } from './tally.fixture.js';
import { first } from './vote.js';
import type { Voter } from './vote.js';

const ones = (n: number): number[] => Array.from({ length: n }, () => 1);
const half = (n: number): number => Math.floor(n / 2) + 1;
const majority = (n: number, tolerant = false): Voter => quorumVoter({ weights: ones(n), tolerant });
const plurality = (n: number, tolerant: boolean, minVotes: number, tie: Tie, weights = ones(n)): Voter =>
  pluralityVoter({ weights, tolerant, minVotes, tie });
const late = (voter: Voter, parts: readonly unknown[], tolerance = 0): unknown =>
  resultOf(voter.judge(tallyOf(parts, undefined, tolerance)), parts);
const inEveryOrder = (voter: Voter, parts: readonly unknown[], tolerance = 0): unknown[] => [
  ...new Set(permutations(parts.length).map((order) => resultOf(onTheWay(voter, parts, order, tolerance)[0], parts))),
];

describe('a majority', () => {
  it.each([
    ['VT-01', [7, 7, 7], 7],
    ['VT-02', [7, 7, 9], 7],
    ['VT-03', [7, X, X], 'insufficient'],
    ['VT-05', [7, 9, X], 'disagreement'],
    ['VT-06', [1, 2, 3], 'disagreement'],
    ['VT-07', [X, X, X], 'insufficient'],
    ['VT-09', [5, 5, 8, 9, 9], 'disagreement'],
    [
      'VT-17',
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
        { a: 1, b: 3 },
      ],
      { a: 1, b: 2 },
    ],
    ['VT-19', [10n, 10n, 10], 10n],
  ])('%s is more than a half of the configured replicas', (_, parts, result) => {
    expect(late(majority(parts.length), parts)).toEqual(result);
  });

  it('VT-06 comes to the same in every order of arrival', () => {
    expect(inEveryOrder(majority(3), [1, 2, 3])).toEqual(['disagreement']);
    expect(inEveryOrder(majority(5), [5, 5, 8, 5, 9])).toEqual([5]);
  });

  it('VT-12 VT-13 VT-14 is known as soon as nothing to come can change it', () => {
    expect(onTheWay(majority(3), [7, 7, 9], [0, 1, 2])[1]).toBe(2);
    expect(onTheWay(majority(3), [X, X, 7], [0, 1, 2])[1]).toBe(2);
    expect(onTheWay(majority(3), [7, 9, 7], [0, 1, 2])[1]).toBe(3);
    expect(onTheWay(majority(5), [1, 2, 3, 4, 5], [0, 1, 2, 3, 4])[1]).toBe(4);
  });

  it('VT-23 VT-24 VT-25 with a tolerance picks the medoid, in every order of arrival', () => {
    const near = [0.18155, 0.1823, 0.1813, 0.1818, 0.18235];
    expect(inEveryOrder(majority(5, true), near, 0.0005)).toEqual([0.18155]);
    expect(inEveryOrder(majority(5, true), near, 0.00051)).toEqual([0.1818]);
    expect(late(medianVoter(3, undefined), near)).toBe(0.1818);
    expect(inEveryOrder(majority(3, true), [1, 1.4, 1.8], 0.5)).toEqual([1.4]);
    expect(majority(3, true).judge(tallyOf([1, 1.4, 1.8], undefined, 0.5))).toMatchObject({ support: 3 });
  });

  it('with a tolerance waits for who may be nearer, and not after identical answers when one is missing', () => {
    expect(onTheWay(majority(3, true), [1, 1.4, 1.2], [0, 1, 2], 0.5)[1]).toBe(3);
    expect(onTheWay(majority(3, true), [1, 1, 1.2], [0, 1, 2], 0.5)[1]).toBe(2);
    // The last two could make 1.4 the winner.
    expect(onTheWay(majority(5, true), [1, 1, 1, 1.4, 1.8], [0, 1, 2, 3, 4], 0.5)[1]).toBe(5);
    expect(onTheWay(majority(3, true), [X, X, 1], [0, 1, 2], 0.5)[1]).toBe(2);
  });

  it('may be a larger quorum, up to all', () => {
    const four = quorumVoter({ weights: ones(5), tolerant: false }, 4);
    expect([late(four, [1, 1, 1, 1, 2]), late(four, [1, 1, 1, 2, 2])]).toEqual([1, 'disagreement']);
    const all = quorumVoter({ weights: ones(3), tolerant: false }, 3);
    expect([late(all, [1, 1, 1]), late(all, [1, 1, 2]), late(all, [1, 1, X])]).toEqual([1, 'disagreement', 'insufficient']);
    expect([onTheWay(all, [1, 2, 1], [0, 1, 2])[1], onTheWay(all, [X, 1, 1], [0, 1, 2])[1]]).toEqual([2, 1]);
  });

  it('VT-31 may be weighted: a heavy replica decides alone', () => {
    const weighted = quorumVoter({ weights: [3, 1, 1], tolerant: false });
    expect(inEveryOrder(weighted, ['A', 'B', 'B'])).toEqual(['A']);
    expect(onTheWay(weighted, ['A', 'B', 'B'], [0, 1, 2])[1]).toBe(1);
  });
});

describe('a plurality', () => {
  it('VT-11 has the most votes, and a tie is no answer unless one asks for the first', () => {
    expect(inEveryOrder(plurality(5, false, 2, 'fail'), [5, 5, 8, 9, 9])).toEqual(['tie']);
    expect(inEveryOrder(plurality(5, false, 2, 'first'), [5, 5, 8, 9, 9])).toEqual([5]);
    expect(inEveryOrder(plurality(5, false, 2, 'fail'), [5, 6, 8, 9, 9])).toEqual([9]);
  });

  it('VT-11 may go by weights in a tie, and only there', () => {
    const weighs = (...weights: number[]): Voter => plurality(5, false, 2, 'weight', weights);
    expect(inEveryOrder(weighs(1, 1, 9, 1, 2), [5, 5, 8, 9, 9])).toEqual([9]);
    expect(inEveryOrder(weighs(2, 1, 9, 1, 1), [5, 5, 8, 9, 9])).toEqual([5]);
    expect(inEveryOrder(weighs(1, 2, 9, 2, 1), [5, 5, 8, 9, 9])).toEqual(['tie']);
    expect(inEveryOrder(weighs(1, 1, 1, 9, 9), [5, 5, 5, 9, 9])).toEqual([5]);
    const near = plurality(4, true, 2, 'weight', [1, 1, 1, 2]);
    expect(inEveryOrder(near, [1, 1.25, 5, 5.25], 0.5)).toEqual([5]);
  });

  it('needs at least minVotes', () => {
    expect(late(plurality(3, false, 2, 'fail'), [1, 2, 3])).toBe('disagreement');
    expect(late(plurality(3, false, 2, 'fail'), [1, X, X])).toBe('insufficient');
    expect(late(plurality(3, false, 1, 'fail'), [1, X, X])).toBe(1);
    expect(late(plurality(5, false, 3, 'fail'), [1, 1, 2, 3, 4])).toBe('disagreement');
  });

  it('is known early when nobody can come up to it', () => {
    expect(onTheWay(plurality(5, false, 2, 'fail'), [5, 5, 5, 8, 9], [0, 1, 2, 3, 4])[1]).toBe(3);
    expect(onTheWay(plurality(5, false, 2, 'fail'), [5, 5, 8, 8, 9], [0, 1, 2, 3, 4])[1]).toBe(5);
  });
});

describe('numbers', () => {
  it('VT-26 VT-27 VT-28 have a median, which is a ballot', () => {
    const median = medianVoter(2, undefined);
    expect(inEveryOrder(median, [10, 12, 1000])).toEqual([12]);
    expect(inEveryOrder(median, [10, 20, X])).toEqual([10]);
    expect(late(median, [X, 5, X])).toBe('insufficient');
    expect(isNumeric(NaN, false)).toBe(false);
    expect(isNumeric('5', false)).toBe(false);
    expect(late(median, [2n ** 60n, 2n ** 60n + 1n, 3])).toBe(2n ** 60n);
  });

  it('have a median that is known early when it cannot move', () => {
    expect(onTheWay(medianVoter(2, undefined), [7, 7, 900], [0, 1, 2])[1]).toBe(2);
    expect(onTheWay(medianVoter(2, undefined), [7, 8, 900], [0, 1, 2])[1]).toBe(3);
  });

  it('have a mean of all valid ballots, which no sum makes infinite', () => {
    expect(inEveryOrder(meanVoter(2, undefined), [10, 20, 60])).toEqual([30]);
    expect(inEveryOrder(meanVoter(2, undefined), [10, 20, X])).toEqual([15]);
    expect(late(meanVoter(2, undefined), [10, X, X])).toBe('insufficient');
    expect(late(meanVoter(2, undefined), [1e308, 1e308])).toBe(1e308);
    expect(isNumeric(5n, true)).toBe(false);
  });
});

describe('the first answer', () => {
  it('is the first that counts', () => {
    expect(resultOf(onTheWay(first, [1, X, 3], [1, 2, 0])[0], [1, X, 3])).toBe(3);
    expect(late(first, [X, X])).toBe('insufficient');
  });
});

// Small and slow: says what is meant, in other words than the voters do.
const oracle: Readonly<Record<string, (parts: readonly unknown[]) => unknown>> = {
  majority(parts) {
    const valid = parts.filter((part) => part !== X);
    const winner = valid.find((part) => valid.filter((one) => one === part).length * 2 > parts.length);
    return winner ?? (valid.length * 2 > parts.length ? 'disagreement' : 'insufficient');
  },
  unanimous: (parts) => (parts.includes(X) ? 'insufficient' : new Set(parts).size === 1 ? parts[0] : 'disagreement'),
  plurality(parts) {
    const counts = new Map<unknown, number>();
    for (const part of parts) if (part !== X) counts.set(part, (counts.get(part) ?? 0) + 1);
    const most = Math.max(0, ...counts.values());
    const best = [...counts].filter(([, count]) => count === most);
    if (parts.filter((part) => part !== X).length < 2) return 'insufficient';
    return most < 2 ? 'disagreement' : best.length > 1 ? 'tie' : best[0]?.[0];
  },
  median(parts) {
    const valid = parts.filter((part) => part !== X).toSorted((a, b) => (a as number) - (b as number));
    return valid.length < half(parts.length) ? 'insufficient' : valid[Math.ceil(valid.length / 2) - 1];
  },
  mean(parts) {
    const valid = parts.filter((part) => part !== X) as number[];
    return valid.length < half(parts.length) ? 'insufficient' : valid.reduce((a, b) => a + b, 0) / valid.length;
  },
};
const voters: Readonly<Record<string, (n: number) => Voter>> = {
  majority: (n) => majority(n),
  unanimous: (n) => quorumVoter({ weights: ones(n), tolerant: false }, n),
  plurality: (n) => plurality(n, false, 2, 'fail'),
  median: (n) => medianVoter(half(n), undefined),
  mean: (n) => meanVoter(half(n), undefined),
};

const ballots = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: fc.constant(X) }), {
    minLength: 1,
    maxLength: 7,
  })
  .chain((parts) =>
    fc.tuple(
      fc.constant(parts),
      fc.shuffledSubarray(
        parts.map((_, i) => i),
        { minLength: parts.length },
      ),
    ),
  );
// A reason is what was known when the vote ended; whether there is a winner, and which, never depends on it.
const known = (result: unknown): unknown => (typeof result === 'string' ? 'none' : result);

describe('any vote', () => {
  it.each(Object.keys(oracle))('VT-40 of a %s is what a slow count of all ballots says', (name) => {
    fc.assert(
      fc.property(ballots, ([parts]) => {
        expect(late(voters[name]!(parts.length), parts)).toEqual(oracle[name]!(parts));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(Object.keys(oracle))('VT-40 of a %s is decided early as it is decided late, in every order', (name) => {
    fc.assert(
      fc.property(ballots, ([parts, order]) => {
        const [early] = onTheWay(voters[name]!(parts.length), parts, order);
        expect(known(resultOf(early, parts))).toEqual(known(oracle[name]!(parts)));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['majority', 'plurality'] as const)('VT-40 of a %s with a tolerance does not depend on the order either', (name) => {
    fc.assert(
      fc.property(ballots, fc.constantFrom(1, 2), ([parts, order], tolerance) => {
        const n = parts.length;
        const voter = name === 'majority' ? majority(n, true) : plurality(n, true, 2, 'fail');
        const [early] = onTheWay(voter, parts, order, tolerance);
        expect(known(resultOf(early, parts))).toEqual(known(late(voter, parts, tolerance)));
      }),
      { numRuns: 1000 },
    );
  });

  it('VT-40 by weights is decided early as it is decided late, in every order', () => {
    fc.assert(
      fc.property(ballots, fc.infiniteStream(fc.integer({ min: 0, max: 4 })), ([parts, order], stream) => {
        const weights = [1, ...Array.from({ length: parts.length - 1 }, () => stream.next().value)];
        const voter = quorumVoter({ weights, tolerant: false });
        expect(known(resultOf(onTheWay(voter, parts, order)[0], parts))).toEqual(known(late(voter, parts)));
      }),
      { numRuns: 1000 },
    );
  });

  // The cells C (correct), I (incorrect) and NO of Pullum's table; and "probably", which says nothing.
  it.each([
    ['all identical, correct', { 3: ['c', 'c', 'c'], 5: ['c', 'c', 'c', 'c', 'c'] }, 'c', 'c', 'c'],
    ['a majority identical, correct', { 3: ['c', 'c', 'w'], 5: ['w', 'c', 'c', 'v', 'c'] }, 'c', 'c', 'c'],
    ['a plurality identical, correct', { 5: ['c', 'c', 'w', 'v', 'u'] }, 'none', 'probably', 'c'],
    ['distinct', { 3: ['c', 'd', 'e'], 5: ['c', 'd', 'e', 'f', 'g'] }, 'none', 'probably', 'none'],
    ['distinct, all wrong', { 3: ['u', 'v', 'w'], 5: ['s', 't', 'u', 'v', 'w'] }, 'none', 'probably', 'none'],
    ['a plurality identical, wrong', { 5: ['w', 'w', 'c', 'd', 'e'] }, 'none', 'probably', 'w'],
    ['a majority identical, wrong', { 3: ['w', 'w', 'c'], 5: ['w', 'w', 'c', 'w', 'd'] }, 'w', 'w', 'w'],
    ['all identical, wrong', { 3: ['w', 'w', 'w'], 5: ['w', 'w', 'w', 'w', 'w'] }, 'w', 'w', 'w'],
  ])('VT-39 of %s comes to what the table says', (_, patterns, ofMajority, ofMedian, ofPlurality) => {
    for (const pattern of Object.values(patterns)) {
      const numbers = pattern.map((word) => word.charCodeAt(0));
      const word = (result: unknown): unknown => (typeof result === 'number' ? String.fromCharCode(result) : 'none');
      const n = numbers.length;
      expect(inEveryOrder(majority(n), numbers).map(word)).toEqual([ofMajority]);
      expect(inEveryOrder(plurality(n, false, 2, 'fail'), numbers).map(word)).toContain(ofPlurality);
      const middle = inEveryOrder(medianVoter(half(n), undefined), numbers).map(word);
      expect(ofMedian === 'probably' ? 'probably' : middle.join()).toBe(ofMedian);
    }
  });
});
