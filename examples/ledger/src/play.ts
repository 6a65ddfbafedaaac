import { dominoDot, dominoMermaid, dominoText, graphFrom, inTransitOf } from '@redress/core';
import { euros, judge, showInvariants, showTable, total, workplace } from '@redress/example-shared';
import type { Invariant, Screen } from '@redress/example-shared';
import { sqliteStore } from '@redress/sqlite';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Options } from './options.js';
import { picture } from './picture.js';
import { SCHEMES } from './schemes.js';
import type { SchemeName } from './schemes.js';
import { CENTS, MEMBERS, tell } from './story.js';
import type { Ending } from './story.js';

/** The same story with each scheme, side by side. Answers the exit code. */
export async function play(screen: Screen, { rounds, json, pictures }: Options): Promise<number> {
  const place = workplace('ledger');
  const store = sqliteStore(place.store);
  try {
    const endings: Ending[] = [];
    for (const name of Object.keys(SCHEMES) as SchemeName[]) {
      screen.line(`${screen.colors.bold(name)}: ${SCHEMES[name].title}`);
      const ending = await tell(screen, name, place.store, store, rounds);
      for (const line of dominoText(ending.recovery.report).split('\n')) screen.line(shortened(line, screen.width));
      screen.line();
      if (pictures !== undefined) draw(pictures, ending);
      endings.push(ending);
    }
    const invariants = check(endings);
    show(screen, endings, invariants);
    if (pictures !== undefined) screen.line(`\nPictures: ${pictures}`);
    const ok = invariants.every((one) => one.ok);
    if (json) process.stdout.write(`${JSON.stringify({ ok, schemes: endings.map(summary), invariants }, undefined, 2)}\n`);
    return ok ? 0 : 1;
  } finally {
    await store.close();
    place.remove();
  }
}

/** Chains of a long history are long. */
function shortened(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

function draw(folder: string, { scheme, recovery: { graph, line, report } }: Ending): void {
  mkdirSync(folder, { recursive: true });
  const whole = graphFrom(graph);
  const write = (ending: string, text: string): void => writeFileSync(join(folder, `ledger-${scheme}.${ending}`), `${text}\n`);
  write('svg', picture(graph, line, `${scheme}: ${SCHEMES[scheme].title}`));
  write('mmd', dominoMermaid(whole, report));
  write('dot', dominoDot(whole, report));
}

function summary(ending: Ending) {
  const { scheme, recovery, forced, again, before, after } = ending;
  const { backToStart, checkpointsLost, maxHops, rolledBack } = recovery.report;
  const sizes = {
    backToStart,
    goBack: rolledBack.length,
    checkpointsLost,
    maxHops,
    undone: undone(ending),
    redelivered: redelivered(ending),
  };
  return { scheme, line: recovery.line, ...sizes, forced, again, before: sum(before), after: sum(after) };
}

function sum(accounts: Ending['before']): number {
  return total(Object.values(accounts));
}

/** Payments that never were. */
function undone({ payments, recovery: { line } }: Ending): number {
  return payments.filter(({ from, sent }) => sent > (line[from] ?? Infinity)).length;
}

/** Payments whose arrival alone was undone. */
function redelivered({ payments, recovery: { line } }: Ending): number {
  return inTransitOf(line, payments).length;
}

function check(endings: readonly Ending[]): readonly Invariant[] {
  const unless = (ok: boolean, text: string): string[] => (ok ? [] : [text]);
  const all = CENTS * MEMBERS.length;
  const of = (name: SchemeName): Ending => endings.find(({ scheme }) => scheme === name) as Ending;
  const plain = of('plain').recovery.report;
  const bcs = of('bcs').recovery.report;
  const round = of('round').recovery;
  const log = of('log');
  const lost = bcs.rolledBack.filter(({ checkpoints }) => checkpoints > 1);
  return judge([
    ...endings.map(
      ({ scheme, after }) =>
        [`${scheme}: no money was lost or made`, unless(sum(after) === all, `there is ${euros(sum(after))}, not ${euros(all)}`)] as const,
    ),
    [
      'plain: one kill takes all of them back to the start',
      unless(plain.backToStart === MEMBERS.length, `${plain.backToStart} went there`),
    ],
    ['bcs: nobody goes back to the start', unless(bcs.backToStart === 0, `${bcs.backToStart} went there`)],
    ['bcs: nobody loses more than one checkpoint', lost.map(({ process, checkpoints }) => `${process} lost ${checkpoints}`)],
    [
      'round: all go back to one checkpoint, and it is the last one',
      MEMBERS.filter((id, i) => round.line[id] !== round.graph.processes[i]?.checkpoints.at(-1)).map((id) => `${id} to ${round.line[id]}`),
    ],
    ['log: nobody goes back', log.recovery.report.rolledBack.map(({ process, to }) => `${process} to ${to}`)],
    [
      'log: everybody has what they had',
      MEMBERS.filter((id) => log.after[id] !== log.before[id]).map((id) => `${id} has ${euros(log.after[id] ?? 0)}`),
    ],
  ]);
}

function show(screen: Screen, endings: readonly Ending[], invariants: readonly Invariant[]): void {
  const side = (value: (ending: Ending) => number | string): string => endings.map((one) => String(value(one)).padStart(11)).join(' ');
  showTable(screen, [
    ['', side(({ scheme }) => scheme)],
    ['processes that go back', side(({ recovery }) => recovery.report.rolledBack.length)],
    ['back to the start', side(({ recovery }) => recovery.report.backToStart)],
    ['checkpoints lost', side(({ recovery }) => recovery.report.checkpointsLost)],
    ['longest chain of messages', side(({ recovery }) => recovery.report.maxHops)],
    ['forced checkpoints', side(({ forced }) => forced)],
    ['payments undone', side(undone)],
    ['payments delivered again', side(redelivered)],
    ['messages handled again', side(({ again }) => again)],
    ['money before', side(({ before }) => euros(sum(before)))],
    ['money after', side(({ after }) => euros(sum(after)))],
  ]);
  screen.line();
  showInvariants(screen, invariants);
}
