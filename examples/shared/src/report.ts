import Table from 'cli-table3';
import type { Invariant } from './judge.js';
import { wrap } from './screen.js';
import type { Screen } from './screen.js';

/** No line between the rows. */
const NO_RULES = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
/** At most this many contradictions are listed for one invariant. */
const LISTED = 5;

/** The end of a demo, in numbers. */
export function showTable(screen: Screen, rows: readonly (readonly [what: string, value: number | string])[]): void {
  const table = new Table({ chars: NO_RULES, style: { head: [], border: [] }, colAligns: ['left', 'right'] });
  table.push(...rows.map(([what, value]) => [what, String(value)]));
  for (const line of table.toString().split('\n')) screen.line(line);
}

export function showInvariants(screen: Screen, invariants: readonly Invariant[]): void {
  const { green, red } = screen.colors;
  for (const { name, ok, differs } of invariants) {
    for (const line of wrap(`${ok ? green('✔') : red('✖')} ${name}`, screen.width, 2)) screen.line(line);
    for (const text of differs.slice(0, LISTED)) for (const line of wrap(`    ${text}`, screen.width, 4)) screen.line(line);
    if (differs.length > LISTED) screen.line(`    and ${differs.length - LISTED} more`);
  }
}
