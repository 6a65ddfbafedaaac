import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pluralityVoter, quorumVoter } from './agreement.js';
import { meanVoter, medianVoter } from './numeric.js';
import { onTheWay, resultOf } from './tally.fixture.js';
import type { Voter } from './vote.js';

/** Correct, incorrect, no output; and "probably", of which the table promises only that there is an answer. */
type Cell = 'C' | 'I' | 'NO' | 'P';
type Row = readonly [
  name: string,
  group: 'all' | 'majority' | 'plurality' | 'none',
  correct: boolean,
  cells: Record<keyof typeof voters, Cell>,
];

const ones = (n: number): number[] => Array.from({ length: n }, () => 1);
const half = (n: number): number => Math.floor(n / 2) + 1;
const voters = {
  majority: (n: number): Voter => quorumVoter({ weights: ones(n), tolerant: false }),
  median: (n: number): Voter => medianVoter(half(n), undefined),
  mean: (n: number): Voter => meanVoter(half(n), undefined),
  plurality: (n: number): Voter => pluralityVoter({ weights: ones(n), tolerant: false, minVotes: 2, tie: 'fail' }),
  /** Formal majority: of those within a tolerance. */
  formal: (n: number): Voter => quorumVoter({ weights: ones(n), tolerant: true }),
};

// Pullum's table, the columns of the votes that there are. `group`: how many say the same; the others differ.
const TABLE: readonly Row[] = [
  ['all identical, correct', 'all', true, { majority: 'C', median: 'C', mean: 'C', plurality: 'C', formal: 'C' }],
  ['majority identical, correct', 'majority', true, { majority: 'C', median: 'C', mean: 'P', plurality: 'C', formal: 'C' }],
  ['plurality identical, correct', 'plurality', true, { majority: 'NO', median: 'P', mean: 'P', plurality: 'C', formal: 'NO' }],
  ['distinct, all correct', 'none', true, { majority: 'NO', median: 'C', mean: 'P', plurality: 'NO', formal: 'NO' }],
  ['distinct, all wrong', 'none', false, { majority: 'NO', median: 'I', mean: 'P', plurality: 'NO', formal: 'NO' }],
  ['plurality identical, wrong', 'plurality', false, { majority: 'NO', median: 'P', mean: 'P', plurality: 'I', formal: 'NO' }],
  ['majority identical, wrong', 'majority', false, { majority: 'I', median: 'I', mean: 'P', plurality: 'I', formal: 'I' }],
  ['all identical, wrong', 'all', false, { majority: 'I', median: 'I', mean: 'P', plurality: 'I', formal: 'I' }],
];
const TOLERANCE = 1;

/** Numbers that are further apart than the tolerance; the first of them as often as the group is large; in any order of arrival. */
const ballotsOf = (n: number, size: number) =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: n - size + 1, maxLength: n - size + 1 }),
      fc.shuffledSubarray([...ones(n).keys()], { minLength: n }),
      fc.shuffledSubarray([...ones(n).keys()], { minLength: n }),
    )
    .map(([distinct, places, order]) => {
      const numbers = [...ones(size).map(() => distinct[0] as number), ...distinct.slice(1)].map((one) => one * 10);
      return { ballots: places.map((place) => numbers[place] as number), same: (distinct[0] as number) * 10, order };
    });

describe.each([3, 5])('VT-39 with %i replicas', (n) => {
  const rows = TABLE.filter(([, group]) => group !== 'plurality' || n > 3);
  const cells = rows.flatMap(([name, group, correct, columns]) =>
    Object.entries(columns).map(([voter, cell]) => [`${voter} of ${name}: ${cell}`, { group, correct, voter, cell }] as const),
  );

  it.each(cells)('a %s', (_, { group, correct, voter, cell }) => {
    const sizes = { all: [n], majority: n === 3 ? [2] : [3, 4], plurality: [2], none: [1] }[group];
    fc.assert(
      fc.property(
        fc.constantFrom(...sizes).chain((size) => ballotsOf(n, size)),
        ({ ballots, same, order }) => {
          const isCorrect = (answer: number): boolean => (group === 'none' ? ballots.includes(answer) : answer === same) === correct;
          const make = voters[voter as keyof typeof voters];
          const result = resultOf(onTheWay(make(n), ballots, order, voter === 'formal' ? TOLERANCE : 0)[0], ballots);
          const known = cell === 'P' ? 'P' : isCorrect(result as number) ? 'C' : 'I';
          expect(typeof result === 'number' ? known : 'NO').toBe(cell);
        },
      ),
      { numRuns: 200 },
    );
  });
});
