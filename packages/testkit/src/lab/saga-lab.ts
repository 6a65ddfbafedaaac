import { chooseSeed } from '../recovery/options.js';
import type { TestRecovery } from '../recovery/recovery.js';
import type { SagaView, StepOfRun } from '../recovery/saga-view.js';
import { COLUMNS } from './columns.js';
import type { CellAt, Column } from './columns.js';
import { crashTrials, finding, makeAll, record } from './crash-trials.js';
import type { Planned, Recorded } from './crash-trials.js';
import { interleavings } from './interleave.js';
import { chosen, conclude, reportOf } from './report.js';
import type { Finding, Report } from './report.js';
import { FORWARD } from './scenario.js';
import { titleOf } from './subject.js';
import type { OfClass, OfDefinition, SagaMethodOf, Subject, SubjectOptions } from './subject.js';
import { Trial } from './trial.js';

export interface SagaLabOptions<W> extends SubjectOptions<W> {
  /**
   * What counts of the world, as plain data: a compensated run must leave it as it was, and a completed one as a run in
   * which nothing went wrong. Leave out logs, counters of requests and what else may differ.
   */
  readonly snapshot: (world: W) => unknown;
  /** Breaks what the steps talk to, and answers a function that mends it: finds undos that swallow errors. */
  readonly outage?: (world: W) => () => void;
  /** Cells that are not tried, by name, and why: they count as not covered. */
  readonly except?: Readonly<Record<string, string>>;
  /** Further ways for the run to go, by name, in which it dies at every place. */
  readonly also?: Readonly<Record<string, (t: TestRecovery, world: W) => void>>;
}

/**
 * Fills a table: each step run twice, refused, with its answer lost and with its request lost; each undo run twice, run
 * before its step arrives, failing at first, and in an outage; a crash at every place, forward and backward; two runs
 * interleaved. Each cell in a fresh world and a fresh store; in each, what was to go wrong must have gone wrong.
 * Answers the report, with its coverage, and prints it in one line.
 * @throws Error that lists the cells that went wrong, with the seed and a command for one of them.
 */
export function sagaLab<W, T extends object, K extends SagaMethodOf<T>>(options: SagaLabOptions<W> & OfClass<T, K>): Promise<Report>;
export function sagaLab<W, A extends readonly unknown[]>(options: SagaLabOptions<W> & OfDefinition<A>): Promise<Report>;
export async function sagaLab<W>(given: SagaLabOptions<W> & Pick<Subject<W>, 'saga'>): Promise<Report> {
  const { outage, except = {}, also = {}, ...subject } = given;
  const seed = chooseSeed(subject.seed);
  const forward = await record<W>(subject, seed, FORWARD);
  const further = Object.entries(also).map(([name, arrange]) => ({ name, arrange }));
  const planned = [
    ...forward.run.steps.flatMap((step) => COLUMNS.map((column) => cell(subject, seed, forward, step, column, outage)).filter(isCell)),
    ...(await crashTrials<W>(subject, seed, { also: further })),
    ...interleavings(subject, seed, forward.run),
  ];
  const unknown = Object.keys(except).filter((name) => !planned.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`sagaLab, except: there is no cell ${unknown.join(', ')}.`);
  const trials = planned.map((one) => excused(one, except[one.name], forward.run));
  const findings = await makeAll(chosen(trials, subject.only));
  const report = conclude('sagaLab', reportOf(titleOf(subject as Subject), seed, findings));
  process.stdout.write(`sagaLab: ${String(report)}\n`);
  return report;
}

function excused(one: Planned, why: string | undefined, { status }: SagaView): Planned {
  return why === undefined ? one : { name: one.name, make: async () => ({ name: one.name, verdict: 'skipped', ending: status, why }) };
}

function isCell(one: Planned | undefined): one is Planned {
  return one !== undefined;
}

/** Undefined when there is no such cell. */
function cell<W>(
  subject: Subject<W>,
  seed: number,
  forward: Recorded,
  step: StepOfRun,
  column: Column,
  outage: SagaLabOptions<W>['outage'],
): Planned | undefined {
  const name = `${step.name} > ${column.name}`;
  const applies = column.applies(forward.run, step, { outage: outage !== undefined });
  if (applies === false) return undefined;
  if (applies !== true) return { name, make: async () => ({ name, verdict: 'skipped', ending: forward.run.status, why: applies }) };
  return { name, make: () => tryCell({ subject, seed, forward, step, column, outage, name }) };
}

interface Attempt<W> {
  readonly subject: Subject<W>;
  readonly seed: number;
  readonly forward: Recorded;
  readonly step: StepOfRun;
  readonly column: Column;
  readonly outage: SagaLabOptions<W>['outage'];
  readonly name: string;
}

async function tryCell<W>({ subject, seed, forward, step, column, outage, name }: Attempt<W>): Promise<Finding> {
  await using trial = await Trial.open(subject, seed);
  const at: CellAt<W> = { t: trial.t, world: trial.world, run: forward.run, step, outage };
  const injected = column.arm(at as CellAt<unknown>);
  await trial.go(0, column.start);
  const { run } = trial;
  const missed = injected.some(({ fired }) => fired === 0);
  // What was to make the run go back did happen, and it completed all the same.
  if (missed && run.status === 'completed' && trial.t.faults.some(({ fired }) => fired > 0)) {
    return { name, verdict: 'skipped', ending: run.status, why: 'the body goes on when a step fails, so that nothing is undone' };
  }
  const whole = column.isHarmless ? { world: forward.world } : undefined;
  return finding(name, run, await trial.verdict(injected, whole));
}
