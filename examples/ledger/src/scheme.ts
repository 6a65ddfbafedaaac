import { explain, graphFrom } from '@redress/core';
import type { GraphData, Line, Recovery, Store } from '@redress/core';
import type { Account } from './account.js';

/** What an account process must be able to do, however it is kept from losing money. */
export interface Member {
  pay(to: string, cents: number): Promise<void>;
  checkpoint(): Promise<void>;
  /** Checkpoints that were taken because of a message. */
  readonly forced: number;
  /** Messages that this process has handled again since it began. */
  readonly again: number;
  /** The numbers of those that it has taken, ascending, 0 included. */
  readonly checkpoints: readonly number[];
  /** The interval that its last message was handled or sent in: `n` ends with checkpoint `n`. */
  readonly interval: number;
  /** The checkpoint that it went back to; undefined: it did not. */
  readonly wentTo: number | undefined;
}

export interface Place {
  readonly store: Store;
  readonly group: string;
  readonly members: readonly string[];
}

/** What became of a kill: where everybody stood, and who went where. */
export type Outcome = Pick<Recovery, 'graph' | 'line' | 'report'>;

/** One way of keeping a group of accounts recoverable. A further one is one more entry of `SCHEMES`. */
export interface Scheme {
  readonly title: string;
  open(place: Place, account: Account): Promise<Member>;
  /** `seen`: what the parent has seen of checkpoints and messages before the kill; `wentTo`: what the processes tell after it. */
  outcome(place: Pick<Place, 'store' | 'group'>, seen: GraphData, wentTo: Line): Promise<Outcome>;
}

/** The outcome by what was seen and told. */
export async function told(_: unknown, seen: GraphData, wentTo: Line): Promise<Outcome> {
  const report = explain(graphFrom(seen), wentTo);
  return { graph: seen, line: report.line, report };
}
