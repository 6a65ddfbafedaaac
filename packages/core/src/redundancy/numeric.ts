import { lost, outstandingOf, validOf } from './vote.js';
import type { Tally, Verdict, Voter } from './vote.js';

/** Whether a value can be put in order with others: everything else is blank for a median or a mean. */
export function isNumeric(part: unknown, mean: boolean): boolean {
  return (typeof part === 'number' && Number.isFinite(part)) || (typeof part === 'bigint' && !mean);
}

/**
 * The ballot in the middle, of an even number the lower one. It lies in the group of the majority whenever there is one
 * (Lorczak, Caglayan and Eckhardt, 1989). At least `quorum` ballots must be valid.
 */
export function medianVoter(quorum: number, tolerance: number | undefined): Voter {
  return {
    judge(tally) {
      const valid = validOf(tally).toSorted((a, b) => compare(partOf(tally, a), partOf(tally, b)) || a - b);
      const toCome = outstandingOf(tally).length;
      if (valid.length + toCome < quorum) return lost('insufficient');
      if (valid.length < quorum) return undefined;
      // All that are to come may be higher than these, or all of them lower.
      const high = Math.floor((valid.length + toCome - 1) / 2);
      const [lowest, highest] = [valid[high - toCome], valid[high]];
      if (lowest === undefined || highest === undefined) return undefined;
      if (compare(partOf(tally, lowest), partOf(tally, highest)) !== 0) return undefined;
      const same = valid.filter((index) => compare(partOf(tally, index), partOf(tally, lowest)) === 0);
      return { won: true, winner: same[0] as number, support: same.length };
    },
    agrees: (tally, verdict, index) => tolerance === undefined || apart(partOf(tally, index), partOf(tally, verdict.winner)) <= tolerance,
  };
}

/** The mean of all valid ballots, of which there must be `quorum`: the only result that no replica has given. */
export function meanVoter(quorum: number, tolerance: number | undefined): Voter {
  return {
    judge(tally): Verdict | undefined {
      const valid = validOf(tally);
      const toCome = outstandingOf(tally).length;
      if (valid.length + toCome < quorum) return lost('insufficient');
      if (toCome > 0) return undefined;
      const parts = valid.map((index) => partOf(tally, index) as number);
      const sum = parts.reduce((total, part) => total + part, 0);
      // The sum of large numbers may be infinite: then each is divided before it is added.
      const mean = Number.isFinite(sum) ? sum / parts.length : parts.reduce((total, part) => total + part / parts.length, 0);
      return { won: true, winner: valid[0] as number, support: valid.length, mean };
    },
    agrees: (tally, verdict, index) => tolerance === undefined || apart(partOf(tally, index), verdict.mean as number) <= tolerance,
  };
}

function partOf({ votes }: Tally, index: number): number | bigint {
  const vote = votes[index];
  return vote?.kind === 'value' ? (vote.part as number | bigint) : Number.NaN;
}

function compare(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function apart(a: number | bigint, b: number | bigint): number {
  return Math.abs(Number(a) - Number(b));
}
