import { sameError } from './ballot.js';
import type { Ballot, BlankReason } from './ballot.js';
import { distance } from './equality.js';
import { isNumeric } from './numeric.js';
import type { Plan } from './options.js';
import { indices, validOf } from './vote.js';
import type { Tally, Verdict, Vote } from './vote.js';

/** Told when a function of the user threw, or answered something else than true or false: it costs the ballot, not the vote. */
export type OnFault = (what: 'accept' | 'project' | 'equals', error: unknown, replicas: readonly string[]) => void;

const BLANK: Vote = { kind: 'blank' };

/** The ballots of one vote as they come in, and what they are to each other. */
export class Ballots implements Tally {
  readonly votes: (Vote | undefined)[];
  readonly ballots: (Ballot | undefined)[];
  readonly arrived: number[] = [];
  private readonly distances = new Map<number, number>();

  constructor(
    private readonly plan: Plan,
    private readonly names: readonly string[],
    private readonly onFault: OnFault,
  ) {
    this.votes = names.map(() => undefined);
    this.ballots = names.map(() => undefined);
  }

  has(index: number): boolean {
    return this.votes[index] !== undefined;
  }

  valid(): readonly number[] {
    return validOf(this);
  }

  /** Replicas that answered what does not count. */
  refused(): readonly number[] {
    return indices(this.ballots, (one) => one?.kind === 'blank' && (one.reason === 'unaccepted' || one.reason === 'invalid'));
  }

  /** The ballot as the caller sees it; of a replica that was left to itself, that it is late. */
  shown(index: number): Ballot {
    return this.ballots[index] ?? { index, replica: this.name(index), kind: 'blank', reason: 'late' };
  }

  value(index: number, value: unknown): void {
    const { accept, project, numeric } = this.plan;
    try {
      if (accept && !truth('accept', accept(value))) return this.blank(index, 'unaccepted', { value });
    } catch (error) {
      this.onFault('accept', error, [this.name(index)]);
      return this.blank(index, 'unaccepted', { value, error });
    }
    let part = value;
    try {
      part = project ? project(value) : value;
    } catch (error) {
      this.onFault('project', error, [this.name(index)]);
      return this.blank(index, 'invalid', { value, error });
    }
    if (numeric && !isNumeric(part, numeric === 'mean')) return this.blank(index, 'invalid', { value });
    this.cast(index, { kind: 'value', part }, { index, replica: this.name(index), kind: 'value', value });
  }

  error(index: number, error: unknown): void {
    this.cast(index, { kind: 'error' }, { index, replica: this.name(index), kind: 'error', error });
  }

  blank(index: number, reason: BlankReason, more: { readonly error?: unknown; readonly value?: unknown } = {}): void {
    this.cast(index, BLANK, { index, replica: this.name(index), kind: 'blank', reason, ...more });
  }

  distance(a: number, b: number): number {
    if (a === b) return 0;
    // Asked in one direction and once: what a user's function makes of the other direction must not matter.
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = low * this.votes.length + high;
    const known = this.distances.get(key) ?? this.measure(low, high);
    this.distances.set(key, known);
    return known;
  }

  /** Replicas whose ballots count and are unlike the verdict. */
  dissent(verdict: Verdict & { readonly won: true }): readonly number[] {
    const { voter } = this.plan;
    const agrees = (index: number): boolean => voter.agrees?.(this, verdict, index) ?? this.distance(verdict.winner, index) < Infinity;
    return this.valid().filter((index) => !agrees(index));
  }

  private measure(a: number, b: number): number {
    const [one, other] = [this.votes[a], this.votes[b]];
    const [left, right] = [this.ballots[a], this.ballots[b]];
    if (left?.kind === 'error' && right?.kind === 'error') return sameError(left.error, right.error) ? 0 : Infinity;
    if (one?.kind !== 'value' || other?.kind !== 'value') return Infinity;
    const { equals, tolerance } = this.plan;
    try {
      if (equals) return truth('equals', (equals as (a: unknown, b: unknown) => unknown)(one.part, other.part)) ? 0 : Infinity;
      return distance(one.part, other.part, tolerance);
    } catch (error) {
      // A getter of an answer may throw as well.
      this.onFault('equals', error, [this.name(a), this.name(b)]);
      return Infinity;
    }
  }

  private cast(index: number, vote: Vote, ballot: Ballot): void {
    this.votes[index] = vote;
    this.ballots[index] = ballot;
    this.arrived.push(index);
  }

  private name(index: number): string {
    return this.names[index] as string;
  }
}

/** A promise is true to an `if`: an async predicate would accept everything. */
function truth(name: string, answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new TypeError(`${name} must answer true or false at once, and not ${typeof answer}.`);
}
