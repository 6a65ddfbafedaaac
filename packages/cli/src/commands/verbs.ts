import type { Admin, Audit, RunView } from '@redress/core';
import type { Command } from 'commander';
import { EXIT, UsageError, exitCodeOf } from '../exit.js';
import type { Io } from '../io.js';
import type { Print } from '../print.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { findTarget, nameOf, targetsOf } from '../target.js';
import type { Target } from '../target.js';
import { statusOf } from './list.js';
import { planOf } from './plan.js';
import { spellingOf } from './verb-names.js';

interface VerbOptions extends Common {
  readonly reason?: string;
  readonly who?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly step?: string;
  readonly evidence?: string;
  readonly value?: string;
  readonly deadline?: string;
}

interface Verb {
  /** As the journal names it. */
  readonly name: string;
  readonly says: string;
  /** What it needs besides the run. */
  readonly needs?: readonly (readonly [flag: string, says: string])[];
  readonly act: (admin: Admin, run: Target, audit: Audit, options: VerbOptions) => Promise<void>;
}

const STEP = ['--step <step>', 'the step it is stuck at: name, name#2 or number'] as const;

const VERBS: readonly Verb[] = [
  { name: 'retry', says: 'lets a stuck run go on, with a fresh budget', act: (admin, { saga, id }, audit) => admin.retry(saga, id, audit) },
  { name: 'cancel', says: 'takes an unfinished run back', act: (admin, { saga, id }, audit) => admin.cancel(saga, id, audit) },
  { name: 'hold', says: 'stops a run until it is released', act: (admin, { saga, id }, audit) => admin.hold(saga, id, audit) },
  { name: 'release', says: 'lets a held run go on', act: (admin, { saga, id }, audit) => admin.release(saga, id, audit) },
  {
    name: 'markCompensated',
    says: 'says that the undo of a stuck step was done by hand',
    needs: [STEP, ['--evidence <text>', 'what shows it, such as a ticket']],
    act: (admin, { saga, id }, audit, { step, evidence }) => admin.markCompensated(saga, id, given(step), { ...audit, evidence }),
  },
  {
    name: 'waive',
    says: 'gives up the undo of a stuck step: the run ends mixed',
    needs: [STEP],
    act: (admin, { saga, id }, audit, { step }) => admin.waive(saga, id, given(step), audit),
  },
  {
    name: 'completeStep',
    says: 'says that a stuck step happened, and with what result',
    needs: [STEP, ['--value <json>', 'the result of the step']],
    act: (admin, { saga, id }, audit, { step, value }) => admin.completeStep(saga, id, given(step), jsonOf('--value', value), audit),
  },
  {
    name: 'refuseStep',
    says: 'says that a stuck step did not happen',
    needs: [STEP],
    act: (admin, { saga, id }, audit, { step }) => admin.refuseStep(saga, id, given(step), audit),
  },
  {
    name: 'extend',
    says: 'gives a run a later deadline, counted from now',
    needs: [['--deadline <span>', 'such as 2h']],
    act: (admin, { saga, id }, audit, { deadline }) => admin.extend(saga, id, given(deadline) as `${number}h`, audit),
  },
];

export function addVerbs(program: Command, io: Io, end: (code: number) => void): void {
  for (const verb of VERBS) {
    const command = mutating(onStore(program.command(spellingOf(verb.name)).description(verb.says)));
    command.argument('<run...>', '<saga>/<id>, an id that only one run has, or - for the lines of the standard input');
    for (const [flag, says] of verb.needs ?? []) command.requiredOption(flag, says);
    command.action((names: readonly string[], options: VerbOptions) =>
      inSession(io, options, async ({ admin, print }) => {
        const audit = auditOf(io, options);
        if (verb.name === 'completeStep') jsonOf('--value', options.value);
        const runs: RunView[] = [];
        for (const name of await targetsOf(io, names)) {
          const { saga, id } = await findTarget(admin, name);
          runs.push(await admin.show(saga, id));
        }
        if (options.dryRun) return runs.forEach((run) => dryRun(print, verb, run, options));
        await confirmed(io, options, `${spellingOf(verb.name)} ${runs.map(nameOf).join(', ')}?`);
        let worst: number = EXIT.ok;
        for (const run of runs) worst = Math.max(worst, await one(print, admin, verb, run, audit, options, runs.length === 1));
        end(worst);
      }),
    );
  }
}

/** With several runs, one that refuses does not keep the others from it. */
async function one(
  print: Print,
  admin: Admin,
  verb: Verb,
  run: RunView,
  audit: Audit,
  options: VerbOptions,
  alone: boolean,
): Promise<number> {
  try {
    await verb.act(admin, run, audit, options);
  } catch (error) {
    if (alone || exitCodeOf(error) !== EXIT.conflict) throw error;
    print.note((error as Error).message);
    return EXIT.conflict;
  }
  const now = await admin.show(run.saga, run.id);
  if (print.isJson) print.record('run', { verb: spellingOf(verb.name), saga: run.saga, id: run.id, status: now.status });
  else print.line(`${nameOf(run)}  ${spellingOf(verb.name)} by ${audit.who}  now ${statusOf(now)}`);
  return EXIT.ok;
}

function dryRun(print: Print, verb: Verb, run: RunView, options: VerbOptions): void {
  const possible = run.verbs.includes(verb.name);
  const plan = possible ? planOf(verb.name, run, options.step) : [];
  if (print.isJson) {
    print.record('plan', { verb: spellingOf(verb.name), saga: run.saga, id: run.id, status: run.status, possible, plan });
    return;
  }
  print.line(`${nameOf(run)}  ${statusOf(run)}`);
  if (possible) for (const line of plan) print.line(`  ${line}`);
  else print.line(`  not possible; possible: ${run.verbs.map(spellingOf).join(', ') || 'nothing'}`);
  print.note('Nothing was changed (dry run).');
}

/** The options of each command that changes something. */
export function mutating(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .option('--who <name>', 'who; kept in the journal (default: REDRESS_USER, or your user name)')
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('-y, --yes', 'do not ask');
}

export function auditOf(io: Io, { reason = '', who }: { readonly reason?: string; readonly who?: string }): Audit {
  if (reason.trim() === '') throw new UsageError('--reason is empty: say why; it is kept in the journal.');
  return { who: who ?? io.user(), why: reason };
}

/** @throws UsageError when nobody can be asked, or the answer is no. */
export async function confirmed(io: Io, { yes }: { readonly yes?: boolean }, question: string): Promise<void> {
  if (yes) return;
  if (!io.canAsk) throw new UsageError('There is nobody to ask: add --yes, or look first with --dry-run.');
  const answer = await io.ask(`${question} [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('Nothing was changed.');
}

function given(value: string | undefined): string {
  return value as string;
}

export function jsonOf(flag: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${flag} ${text}: that is no JSON. A text stands in quotes: '"${text}"'.`);
  }
}
