import { showInvariants, showTable, wrap } from '@redress/example-shared';
import type { BadLine, Invariant, Screen } from '@redress/example-shared';
import type { Ending } from './order.js';

/** The end of the demo, in numbers. */
export interface Summary {
  readonly orders: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly badLines: readonly BadLine[];
  readonly repeatedLines: number;
  readonly killsSurvived: number;
  readonly killsAsked: number;
  readonly stepsReplayed: number;
  readonly askedAgain: number;
  readonly elapsedMs: number;
  readonly seed: number;
  readonly invariants: readonly Invariant[];
}

export function showSummary(screen: Screen, summary: Summary): void {
  const { endings } = summary;
  const { yellow } = screen.colors;
  screen.line();
  for (const { line, reason } of summary.badLines) {
    for (const text of wrap(`${yellow('!')} line ${line}: ${reason}`, screen.width, 2)) screen.line(text);
  }
  const rows: [string, number | string][] = [
    ['orders', summary.orders],
    ['  shipped', endings.shipped],
    ['  undone', endings.undone],
    ['  refused, nothing to undo', endings.refused],
    ...(endings.stuck > 0 ? [['  stuck', endings.stuck] as [string, number]] : []),
    ...(endings.unfinished > 0 ? [['  unfinished', endings.unfinished] as [string, number]] : []),
    ['bad lines', summary.badLines.length],
    ...(summary.repeatedLines > 0 ? [['lines given twice', summary.repeatedLines] as [string, number]] : []),
    [
      'kills survived',
      summary.killsSurvived === summary.killsAsked ? summary.killsSurvived : `${summary.killsSurvived} of ${summary.killsAsked}`,
    ],
    ['steps answered from the journal', summary.stepsReplayed],
    ['asked twice, absorbed by a key', summary.askedAgain],
    ['elapsed', `${(summary.elapsedMs / 1000).toFixed(1)} s`],
  ];
  if (summary.badLines.length > 0) screen.line();
  showTable(screen, rows);
  showInvariants(screen, summary.invariants);
}
