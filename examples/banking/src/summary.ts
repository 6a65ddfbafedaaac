import { euros, showInvariants, showTable, wrap } from '@redress/example-shared';
import type { BadLine, Invariant, Screen } from '@redress/example-shared';
import type { Balance } from './invariants.js';
import type { Ending, Transfer } from './transfer.js';

/** The end of the demo, in numbers. */
export interface Summary {
  readonly transfers: number;
  readonly endings: Readonly<Record<Ending, number>>;
  /** Those that lie in the review office. */
  readonly waiting: readonly Pick<Transfer, 'id' | 'cents'>[];
  readonly approved: number;
  readonly declined: number;
  readonly badLines: readonly BadLine[];
  readonly repeatedLines: number;
  readonly workers: number;
  readonly killsSurvived: number;
  readonly killsAsked: number;
  readonly stepsReplayed: number;
  readonly askedAgain: number;
  readonly elapsedMs: number;
  readonly seed: number;
  readonly balance: Balance;
  readonly invariants: readonly Invariant[];
}

export function showSummary(screen: Screen, summary: Summary): void {
  const { endings, balance, waiting } = summary;
  const { yellow } = screen.colors;
  screen.line();
  const say = (text: string): void => {
    for (const line of wrap(text, screen.width, 2)) screen.line(line);
  };
  for (const { line, reason } of summary.badLines) say(`${yellow('!')} line ${line}: ${reason}`);
  if (waiting.length > 0) {
    say(`${yellow('…')} waiting for a review: ${waiting.map(({ id, cents }) => `${id} (${euros(cents)})`).join(', ')}`);
  }
  if (summary.badLines.length + waiting.length > 0) screen.line();
  const kills = summary.killsSurvived === summary.killsAsked ? summary.killsSurvived : `${summary.killsSurvived} of ${summary.killsAsked}`;
  showTable(screen, [
    ['transfers', summary.transfers],
    ['  completed', endings.completed],
    ['  undone', endings.undone],
    ['  refused, nothing to undo', endings.refused],
    ['  waiting for a review', endings.waiting],
    ...only('  stuck', endings.stuck),
    ...only('  unfinished', endings.unfinished),
    ['reviewed: approved, declined', `${summary.approved}, ${summary.declined}`],
    ...only('bad lines', summary.badLines.length),
    ...only('lines given twice', summary.repeatedLines),
    ['worker processes', summary.workers],
    ['kills survived', kills],
    ['steps answered from the journal', summary.stepsReplayed],
    ['asked twice, absorbed by a key', summary.askedAgain],
    ['elapsed', `${(summary.elapsedMs / 1000).toFixed(1)} s`],
  ]);
  showTable(screen, [
    ['in accounts', euros(balance.accounts)],
    ['+ fees', euros(balance.fees)],
    ['+ paid to other banks', euros(balance.otherBanks)],
    ['+ in transit', euros(balance.inTransit)],
    ['= in accounts at first', euros(balance.atFirst)],
  ]);
  showInvariants(screen, summary.invariants);
}

/** A row that is there when it has something to say. */
function only(what: string, count: number): readonly [string, number][] {
  return count > 0 ? [[what, count]] : [];
}
