import type { Ballot } from './ballot.js';

/** Why there is no winner: too few valid ballots, no agreement among them, several winners, or the voter itself failed. */
export type NoConsensusReason = 'insufficient' | 'disagreement' | 'tie' | 'voter';

/** A ballot as voters see it. `part` is what is voted upon. */
export type Vote = { readonly kind: 'value'; readonly part: unknown } | { readonly kind: 'error' } | { readonly kind: 'blank' };

/** What is known at one moment, always of all configured replicas. */
export interface Tally {
  /** By replica; undefined: still to come. */
  readonly votes: readonly (Vote | undefined)[];
  /** The same as the caller will see them. */
  readonly ballots: readonly (Ballot | undefined)[];
  /** Replicas in the order of their ballots. */
  readonly arrived: readonly number[];
  /** How far two valid ballots are from each other; `Infinity`: not equal. */
  distance(a: number, b: number): number;
}

/** The replica whose ballot wins, or for a mean the number itself; or that nobody can win any more. */
export type Verdict =
  | { readonly won: true; readonly winner: number; readonly support: number; readonly mean?: number }
  | { readonly won: false; readonly reason: NoConsensusReason; readonly error?: unknown };

export interface Voter {
  /**
   * Says what the vote has come to, as soon as no ballot that is still to come can change it; undefined: not yet.
   * Nothing but `first` looks at the order of arrival.
   */
  judge(tally: Tally): Verdict | undefined;
  /** Whether a valid ballot agrees with the verdict; default: when it equals the winner's. */
  agrees?(tally: Tally, verdict: Verdict & { readonly won: true }, index: number): boolean;
}

export function lost(reason: NoConsensusReason): Verdict {
  return { won: false, reason };
}

/** Replicas whose ballots are in and count. */
export function validOf({ votes }: Tally): readonly number[] {
  return indices(votes, (vote) => vote !== undefined && vote.kind !== 'blank');
}

export function outstandingOf({ votes }: Tally): readonly number[] {
  return indices(votes, (vote) => vote === undefined);
}

/** Where the values that fit stand. A loop: it runs several times for each ballot. */
export function indices<T>(values: readonly T[], fits: (value: T, index: number) => boolean): readonly number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (fits(values[i] as T, i)) found.push(i);
  return found;
}

/** The first answer that counts, whoever gives it. */
export const first: Voter = {
  judge(tally) {
    const winner = tally.arrived.find((index) => tally.votes[index]?.kind !== 'blank');
    if (winner !== undefined) return { won: true, winner, support: 1 };
    return outstandingOf(tally).length === 0 ? lost('insufficient') : undefined;
  },
};

/** A vote of one's own: it is asked when all ballots are in, and says whose wins. */
export function chosenBy(choose: (ballots: readonly Ballot[]) => number | undefined): Voter {
  return {
    judge({ ballots }) {
      if (ballots.includes(undefined)) return undefined;
      try {
        const winner = choose(ballots as readonly Ballot[]);
        if (winner === undefined) return lost('disagreement');
        if (ballots[winner] && ballots[winner].kind !== 'blank') return { won: true, winner, support: 1 };
        throw new RangeError(`The vote chose ${String(winner)}, which is no replica whose ballot counts.`);
      } catch (error) {
        return { won: false, reason: 'voter', error };
      }
    },
  };
}

/** Whether the replicas that have been asked can decide the vote alone, when those still to come say all the same. */
export function mayDecide(voter: Voter, tally: Tally, pending: readonly number[]): boolean {
  if (pending.length === 0) return false;
  const valid = validOf(tally);
  const [fresh] = pending as readonly [number];
  // Each of them repeats a ballot that is in, or they agree on something new.
  return [...valid, fresh].some((source) => {
    const of = (index: number): number => (pending.includes(index) ? source : index);
    const votes = tally.votes.map((_, index) => tally.votes[of(index)] ?? (of(index) === fresh ? STAND_IN : undefined));
    const distance = (a: number, b: number): number => {
      if (of(a) === of(b)) return 0;
      return of(a) === fresh || of(b) === fresh ? Infinity : tally.distance(of(a), of(b));
    };
    return voter.judge({ votes, ballots: tally.ballots, arrived: [...tally.arrived, ...pending], distance })?.won === true;
  });
}

const STAND_IN: Vote = { kind: 'value', part: 0 };
