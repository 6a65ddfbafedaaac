import type { Crash, CrashPoint } from '../recovery/crash-points.js';
import { message } from '../recovery/saga-view.js';
import type { SagaView } from '../recovery/saga-view.js';
import type { Finding } from './report.js';
import { backward, FORWARD } from './scenario.js';
import type { Scenario } from './scenario.js';
import type { Subject } from './subject.js';
import { Trial } from './trial.js';

/** A trial that can be made. */
export interface Planned {
  readonly name: string;
  readonly make: () => Promise<Finding>;
}

/** A run in which nothing died: the places where it could have, and the world after it. */
export interface Recorded {
  readonly scenario: string;
  readonly run: SagaView;
  readonly points: readonly CrashPoint[];
  readonly world: unknown;
  readonly finding: Finding;
}

export function finding(name: string, run: SagaView, why: string | undefined): Finding {
  return { name, ending: run.status, ...(why === undefined ? { verdict: 'ok' } : { verdict: 'wrong', why }) };
}

/** Makes the trials one after the other. One that breaks down has gone wrong, and the others are made all the same. */
export async function makeAll(planned: readonly Planned[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, make } of planned) {
    findings.push(await make().catch((error: unknown) => ({ name, verdict: 'wrong' as const, ending: 'none', why: message(error) })));
  }
  return findings;
}

/** Lets a run pass, and notes where it could have died. */
export async function record<W>(subject: Subject<W>, seed: number, scenario: Scenario<W>): Promise<Recorded> {
  await using trial = await Trial.open(subject, seed);
  scenario.arrange(trial.t, trial.world);
  await trial.go();
  const { run: whole, t } = trial;
  const why = await trial.verdict(t.faults);
  // What is the engine's own, such as a durable wait, cannot be made to fail.
  const run = { ...whole, steps: whole.steps.filter(({ key }) => t.wasCalled(key)) };
  const name = `${scenario.name} > nothing dies`;
  return { scenario: scenario.name, run, points: [...t.points], world: trial.snapshot, finding: finding(name, whole, why) };
}

export interface CrashOptions<W> {
  readonly also: readonly Scenario<W>[];
  /** Each place of the process that finishes, too. */
  readonly twice?: boolean;
}

/**
 * One trial for each place where a process can die, forward, backward, and as the further scenarios go. Another process
 * finishes what it left.
 */
export async function crashTrials<W>(subject: Subject<W>, seed: number, options: CrashOptions<W>): Promise<readonly Planned[]> {
  const forward = await record<W>(subject, seed, FORWARD);
  const back = backward(forward.run);
  const planned: Planned[] = [];
  for (const scenario of [FORWARD, ...(back ? [back] : []), ...options.also]) {
    const recorded = scenario === FORWARD ? forward : await record(subject, seed, scenario);
    planned.push({ name: recorded.finding.name, make: async () => recorded.finding });
    for (const point of recorded.points) {
      const crash: CrashAt<W> = { subject, seed, scenario, recorded, points: [point] };
      planned.push(trialOf(crash));
      if (options.twice) planned.push(...(await secondDeaths(crash)));
    }
  }
  return planned;
}

interface CrashAt<W> {
  readonly subject: Subject<W>;
  readonly seed: number;
  readonly scenario: Scenario<W>;
  readonly recorded: Recorded;
  /** Where the first process dies, and where the second one does. */
  readonly points: readonly CrashPoint[];
}

function trialOf<W>(at: CrashAt<W>): Planned {
  const name = `${at.scenario.name} > ${at.points.join(', then ')}`;
  return { name, make: () => crashAt(at, name) };
}

/** The process that finishes dies at each place that it comes by. */
async function secondDeaths<W>(at: CrashAt<W>): Promise<readonly Planned[]> {
  await using trial = await Trial.open(at.subject, at.seed);
  await die(trial, at);
  return trial.t.points.map((point) => trialOf({ ...at, points: [...at.points, point] }));
}

async function crashAt<W>(at: CrashAt<W>, name: string): Promise<Finding> {
  await using trial = await Trial.open(at.subject, at.seed);
  const crashes = await die(trial, at);
  // A run that goes back may complete instead, when it died before it had to: then any ending of it will do.
  const whole = at.scenario === FORWARD && at.recorded.run.status === 'completed' ? { world: at.recorded.world } : undefined;
  return finding(name, trial.run, await trial.verdict(crashes, whole));
}

async function die<W>(trial: Trial<W>, { scenario, points }: CrashAt<W>): Promise<readonly Crash[]> {
  const [first, ...rest] = points as [CrashPoint, ...CrashPoint[]];
  scenario.arrange(trial.t, trial.world);
  const crashes = [trial.t.crashAt(first)];
  await trial.go();
  for (const point of rest) {
    if (crashes.at(-1)?.fired !== true) return crashes;
    const crash = trial.t.crashAt(point);
    await trial.recover();
    crashes.push(crash);
  }
  if (crashes.at(-1)?.fired === true) await trial.recover();
  return crashes;
}
