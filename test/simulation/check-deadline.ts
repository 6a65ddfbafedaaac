import type { Walk } from './check.js';
import type { CommitRecord } from './history.js';
import { CHILDREN } from './plan.js';
import type { ChildName } from './plan.js';
import { metaOf } from './run-state.js';
import type { RunState } from './run-state.js';
import { EPOCH } from './timeline.js';

/** How late a process may be that has just asked the store, when nothing disturbs; and when something does. */
const PROMPT_MS = 50;
const DISTURBED_MS = 12_000;
/** What was asked for before all was well is answered so long after it. */
const RECOVERED_MS = 4_000;
/** A run that is taken up so often, and nothing new is written to it, is taken up for nothing. */
const IDLE_CLAIMS = 25;

/** A commit, whatever it says: the deadline stays what it was, and is met. */
export function checkDeadline(walk: Walk, run: RunState, commit: CommitRecord): void {
  const { deadlineAt, held, handBacks } = metaOf(commit);
  const must = (holds: boolean, rule: 'deadline' | 'deadline-kept', what: string): void => walk.must(holds, rule, run.name, () => what);
  if (commit.entries.length > 0) run.idleClaims = 0;
  if (commit.created) {
    run.deadlineAt = deadlineAt;
    return checkAsked(walk, run, commit);
  }
  must(deadlineAt === run.deadlineAt, 'deadline-kept', `its deadline was ${run.deadlineAt} and is ${deadlineAt}`);
  if (run.deadlineAt === undefined || walk.history.clockJumped || run.pivotInTheWay) return;
  const latest = run.deadlineAt + toleranceMs(walk, run, commit.by);
  const completed = run.end?.status === 'completed';
  must(!completed || commit.at <= latest, 'deadline', `it completed ${commit.at - run.deadlineAt} ms after its deadline`);
  const waits = commit.status === 'running' && commit.owner === null && !held && !handBacks;
  const inTime = commit.wakeAt !== null && commit.wakeAt <= Math.max(latest, commit.at);
  must(!waits || inTime, 'deadline-kept', `it waits until ${commit.wakeAt}, and its deadline is ${run.deadlineAt}`);
}

/** An owner knows the time from when it claimed the run, or began it. */
function toleranceMs(walk: Walk, run: RunState, by: string): number {
  const undisturbed = walk.history.calm || (run.claimedAt.get(by) ?? -Infinity) > walk.wellAt + RECOVERED_MS;
  return undisturbed ? PROMPT_MS : DISTURBED_MS;
}

/** The deadline of a run that begins is what somebody asked for, counted from when the store was asked for the time. */
function checkAsked(walk: Walk, run: RunState, commit: CommitRecord): void {
  const { deadlineAt, name } = run;
  const fits = (askedAt: number, ms: number | undefined): boolean => {
    if (ms === undefined || deadlineAt === undefined) return ms === deadlineAt;
    return walk.history.clockJumped || (deadlineAt - ms >= askedAt && deadlineAt - ms <= commit.at);
  };
  const must = (holds: boolean): void =>
    walk.must(holds, 'deadline-kept', name, () => `its deadline is ${deadlineAt}, which nobody has asked for`);
  if (run.unborn) return must(deadlineAt === undefined);
  if (run.parent) {
    const saga = name.slice(0, name.indexOf('/')) as ChildName;
    return must(fits(run.parent.run.step(run.parent.n)?.at ?? Infinity, CHILDREN[saga]));
  }
  const callers = walk.callers.filter((one) => one.run === name && one.input === run.input);
  must(callers.some(({ t, deadline }) => fits(EPOCH + t, deadline)) || (callers.length === 0 && deadlineAt === undefined));
}

/** A body begins in a process that found the deadline over. */
export function checkLate(walk: Walk, run: RunState, by: string, key: string): void {
  const late = (run.claimedBy.get(by) ?? -Infinity) - (run.deadlineAt ?? Infinity);
  const wanted = late < 1 || run.pivotInTheWay || walk.history.clockJumped;
  walk.must(wanted, 'deadline', run.name, () => `${key} begins in ${by}, which claimed the run ${late} ms after its deadline`);
}

/** A run is claimed once more. */
export function checkIdle(walk: Walk, run: RunState): void {
  run.idleClaims += 1;
  walk.must(run.idleClaims !== IDLE_CLAIMS, 'idle', run.name, () => `it was taken up ${IDLE_CLAIMS} times, and nothing came of it`);
}
