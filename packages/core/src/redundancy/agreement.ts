import type { Ballot } from './ballot.js';
import { lost, outstandingOf, validOf } from './vote.js';
import type { Tally, Verdict, Voter } from './vote.js';

/** What the voters that look for agreement are told. */
export interface AgreementOptions {
  /** Votes of each replica. */
  readonly weights: readonly number[];
  /** Equality is closeness, and not transitive: see `settled`. */
  readonly tolerant: boolean;
}

interface Candidate {
  readonly index: number;
  readonly support: number;
}

/**
 * Majority, unanimity and weighted votes: wins what more than half of all configured votes support, or at least `quorum`.
 * A quorum is more than a half, so there is one winner at most, whatever the order of arrival is.
 */
export function quorumVoter(options: AgreementOptions, quorum?: number): Voter {
  const { weights, tolerant } = options;
  const half = sum(weights) / 2;
  const reached = (support: number): boolean => (quorum === undefined ? support > half : support >= quorum);
  return {
    judge(tally) {
      const valid = validOf(tally);
      const missing = outstandingOf(tally);
      const best = medoid(tally, valid, weights);
      const toCome = sum(missing.map((index) => weights[index] as number));
      if (best && reached(best.support) && settled(tally, valid, missing, tolerant)) return won(best);
      const all = sum(valid.map((index) => weights[index] as number)) + toCome;
      if (!reached(all)) return lost('insufficient');
      // A ballot to come may be near to all that are in, though they are far from each other.
      const most = tolerant && missing.length > 0 ? all : (best?.support ?? 0) + toCome;
      return reached(most) && missing.length > 0 ? undefined : lost('disagreement');
    },
  };
}

/** What is done when several answers have as many votes; a function is given one ballot of each, and says whose wins. */
export type Tie = 'fail' | 'first' | 'weight' | ((tied: readonly Ballot[]) => number | undefined);

export interface PluralityOptions extends AgreementOptions {
  readonly minVotes: number;
  readonly tie: Tie;
}

/** Wins what most ballots support, if nothing else has as many and it has at least `minVotes`. Weights count only in a tie. */
export function pluralityVoter({ weights, tolerant, minVotes, tie }: PluralityOptions): Voter {
  const ones = weights.map(() => 1);
  return {
    judge(tally) {
      const valid = validOf(tally);
      const missing = outstandingOf(tally);
      const toCome = missing.length;
      const best = medoid(tally, valid, ones);
      if (valid.length + toCome < minVotes) return lost('insufficient');
      const most = tolerant && toCome > 0 ? valid.length + toCome : (best?.support ?? 0) + toCome;
      if (!best || most < minVotes) return toCome > 0 && most >= minVotes ? undefined : lost('disagreement');
      const others = valid.filter((index) => tally.distance(best.index, index) === Infinity);
      const rival = Math.max(0, ...others.map((index) => supportOf(tally, index, valid, ones).support));
      if (toCome > 0) {
        const ahead = best.support >= minVotes && best.support > rival + toCome;
        return ahead && settled(tally, valid, missing, tolerant) ? won(best) : undefined;
      }
      return best.support > rival || tie === 'first' ? won(best) : untied(tally, best, tie, weights);
    },
  };
}

function untied(tally: Tally, best: Candidate, tie: Exclude<Tie, 'first'>, weights: readonly number[]): Verdict {
  if (tie === 'fail') return lost('tie');
  const valid = validOf(tally);
  const leaders: number[] = [];
  for (const { index, support } of byMerit(
    tally,
    valid,
    weights.map(() => 1),
  )) {
    if (support === best.support && leaders.every((one) => tally.distance(one, index) === Infinity)) leaders.push(index);
  }
  if (tie === 'weight') {
    const [first, second] = leaders.map((index) => supportOf(tally, index, valid, weights)).toSorted((a, b) => b.support - a.support);
    return first && first.support > (second?.support ?? 0) ? won({ index: first.index, support: best.support }) : lost('tie');
  }
  // Asked what would be, and not what is: see mayDecide.
  if (tally.ballots.includes(undefined)) return lost('tie');
  try {
    const winner = tie(leaders.map((index) => tally.ballots[index] as Ballot));
    if (winner === undefined) return lost('tie');
    if (leaders.includes(winner)) return won({ index: winner, support: best.support });
    throw new RangeError(`tie chose ${String(winner)}, which is none of the ballots that it was given.`);
  } catch (error) {
    return { won: false, reason: 'voter', error };
  }
}

/**
 * Whether the ballots to come leave the winner as it is. Groups of equal ballots do not move. With a tolerance a ballot to
 * come may be nearer to all than the best so far; only one that comes alone after identical ones cannot: whatever it is
 * near to, they are nearer to each other.
 */
function settled(tally: Tally, valid: readonly number[], missing: readonly number[], tolerant: boolean): boolean {
  if (!tolerant || missing.length === 0) return true;
  const [one] = valid;
  return missing.length === 1 && valid.length > 1 && valid.every((index) => tally.distance(one as number, index) === 0);
}

/**
 * The ballot with most others near to it; of several the one with the smallest distance to all of them, then the replica
 * that was configured first. Grouping by what came first would depend on the order of arrival.
 */
function medoid(tally: Tally, valid: readonly number[], weights: readonly number[]): Candidate | undefined {
  return byMerit(tally, valid, weights)[0];
}

function byMerit(tally: Tally, valid: readonly number[], weights: readonly number[]): readonly Candidate[] {
  const candidates = valid.map((index) => supportOf(tally, index, valid, weights));
  return candidates.toSorted((a, b) => b.support - a.support || a.apart - b.apart || a.index - b.index);
}

function supportOf(
  tally: Tally,
  index: number,
  valid: readonly number[],
  weights: readonly number[],
): Candidate & { readonly apart: number } {
  const near = valid.filter((other) => tally.distance(index, other) < Infinity);
  return {
    index,
    support: sum(near.map((other) => weights[other] as number)),
    apart: sum(near.map((other) => tally.distance(index, other))),
  };
}

function won({ index, support }: Candidate): Verdict {
  return { won: true, winner: index, support };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
