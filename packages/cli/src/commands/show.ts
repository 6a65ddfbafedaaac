import type { AuditView, RunView, StepView } from '@redress/core';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { toJson } from '../json.js';
import type { Print } from '../print.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { fromNow, moment, span } from '../span.js';
import { cut, oneLine } from '../table.js';
import { findTarget, nameOf, targetsOf } from '../target.js';
import { statusOf } from './list.js';
import { spellingOf } from './verb-names.js';

const LONGEST_VALUE = 60;

export function addShow(program: Command, io: Io): void {
  onStore(program.command('show').description('shows runs with their steps, failures and what can be done'))
    .argument('<run...>', '<saga>/<id>, an id that only one run has, or - for the lines of the standard input')
    .action((names: readonly string[], options: Common) =>
      inSession(io, options, async ({ admin, print, store }) => {
        for (const [i, name] of (await targetsOf(io, names)).entries()) {
          const { saga, id } = await findTarget(admin, name);
          const view = await admin.show(saga, id);
          if (print.isJson) print.record('run-view', view);
          else {
            if (i > 0) print.line();
            showRun(print, view, await store.now());
          }
        }
      }),
    );
}

function showRun(print: Print, view: RunView, now: number): void {
  const { colors } = print;
  const { cause, blocked, endedAt, owner, dueAt } = view;
  print.line(`${colors.bold(oneLine(nameOf(view)))}  ${statusOf(view)}`);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['started', `${moment(view.startedAt)} (${fromNow(view.startedAt, now)})`],
    ['ended', endedAt === undefined ? undefined : `${moment(endedAt)} (after ${span(endedAt - view.startedAt)})`],
    ['version', String(view.version)],
    ['arguments', valueOf(view.args)],
    ['result', view.result === undefined ? undefined : valueOf(view.result)],
    ['failure', cause === undefined ? undefined : `${cause.name}: ${cause.message}`],
    ['stuck', stuckOf(view)],
    ['blocked', blocked],
    ['pivot', view.pivot === 'none' ? undefined : view.pivot],
    ['owner', owner === null ? undefined : `${owner}${dueAt === null ? '' : `, lease ends ${fromNow(dueAt, now)}`}`],
    ['due', owner !== null || dueAt === null ? undefined : fromNow(dueAt, now)],
    ['tags', tagsOf(view.tags)],
  ];
  for (const [name, fact] of facts) if (fact !== undefined) print.line(`  ${name.padEnd(10)} ${oneLine(fact)}`);
  showSteps(print, view);
  for (const { name, at, consumed } of view.signals)
    print.line(`  signal ${oneLine(name)} at ${moment(at)}${consumed ? '' : ', not yet received'}`);
  for (const audit of view.audit) print.line(`  ${auditOf(audit)}`);
  if (view.verbs.length > 0) print.line(`  possible   ${view.verbs.map(spellingOf).join(', ')}`);
}

function showSteps(print: Print, { steps }: RunView): void {
  if (steps.length === 0) return;
  print.line();
  const { colors } = print;
  const paint = (text: string): string => {
    if (/unknown|stuck/.test(text)) return colors.red(text);
    if (/refused|open|pending|waived/.test(text)) return colors.yellow(text);
    return colors.green(text);
  };
  print.table<StepView>(
    [
      { title: '  #', of: ({ n }) => `  ${n}` },
      { title: 'STEP', of: ({ operation }) => operation, shrinks: true },
      { title: 'OUTCOME', of: ({ outcome }) => outcome, paint },
      { title: 'UNDO', of: undoOf, paint: (shown, step) => (step.undo === undefined ? shown : paint(shown)) },
      { title: 'TOOK', of: ({ startedAt, endedAt }) => (endedAt === undefined ? '-' : span(endedAt - startedAt)) },
      { title: 'RESULT', of: resultOf, shrinks: true },
    ],
    steps,
  );
}

function undoOf({ kind, undo }: StepView): string {
  if (undo !== undefined) return undo;
  return kind === 'compensated' ? '-' : kind;
}

function resultOf({ outcome, result, error }: StepView): string {
  if (outcome === 'done') return result === undefined ? '-' : valueOf(result);
  return error instanceof Error ? `${error.name}: ${error.message}` : error === undefined ? '-' : valueOf(error);
}

function auditOf({ verb, who, why, at, step, evidence }: AuditView): string {
  const what = `${spellingOf(verb)}${step === undefined ? '' : ` ${step}`}`;
  const proof = evidence === undefined ? '' : `, evidence: ${valueOf(evidence)}`;
  return oneLine(`${moment(at)} ${what} by ${who}: ${why}${proof}`);
}

function stuckOf({ stuck }: RunView): string | undefined {
  if (!stuck) return undefined;
  const why = stuck.error instanceof Error ? stuck.error.message : valueOf(stuck.error);
  return stuck.step === undefined ? why : `at ${stuck.step}: ${why}`;
}

function tagsOf(tags: RunView['tags']): string | undefined {
  const all = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return all.length === 0 ? undefined : all.join(' ');
}

function valueOf(value: unknown): string {
  return cut(typeof value === 'string' ? value : toJson(value), LONGEST_VALUE);
}
