import Table from 'cli-table3';
import type { Invariant } from './invariants.js';
import type { BadLine } from './orders-file.js';
import type { Ending } from './order.js';
import { wrap } from './screen.js';
import type { Screen } from './screen.js';

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

/** No line between the rows. */
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
/** At most this many contradictions are listed for one invariant. */
const LISTED = 5;

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
  const table = new Table({ chars: NO_RULES, style: { head: [], border: [] }, colAligns: ['left', 'right'] });
  table.push(...rows.map(([what, value]) => [what, String(value)]));
  for (const line of table.toString().split('\n')) screen.line(line);
  showInvariants(screen, summary.invariants);
}

export function showInvariants(screen: Screen, invariants: readonly Invariant[]): void {
  const { green, red } = screen.colors;
  for (const { name, ok, differs } of invariants) {
    for (const line of wrap(`${ok ? green('✔') : red('✖')} ${name}`, screen.width, 2)) screen.line(line);
    for (const text of differs.slice(0, LISTED)) for (const line of wrap(`    ${text}`, screen.width, 4)) screen.line(line);
    if (differs.length > LISTED) screen.line(`    and ${differs.length - LISTED} more`);
  }
}
