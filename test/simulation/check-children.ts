import type { Walk } from './check.js';
import type { CommitRecord } from './history.js';
import type { Rule } from './rules.js';
import { childOf, decoded, metaOf, undoKey } from './run-state.js';
import type { RunState, StepState } from './run-state.js';
import { SAGA } from './sagas.js';

/** A run has begun: one that nobody started is a step of another. */
export function bear(walk: Walk, run: RunState): void {
  if (run.name.startsWith(`${SAGA}/`)) return;
  const parent = walk.parents.get(run.name);
  const must = (holds: boolean, what: string): void => walk.must(holds, 'child-born', run.name, () => what);
  must(parent !== undefined, 'it begins, and nobody has the intent of it');
  run.parent = parent;
  const step = parent?.run.step(parent.n);
  if (!parent || !step || run.unborn) return;
  const over = step.outcome === 'refused' || parent.run.isUndone(step.n, false);
  must(!over, `it begins, and its step is ${step.outcome} and perhaps undone`);
  must(JSON.stringify(run.args) === JSON.stringify(step.args), 'it begins with another input than the intent holds');
}

/** A commit to a child: what its parent writes comes when its turn has come. */
export function checkChildCommit(walk: Walk, run: RunState, commit: CommitRecord, takenBack: boolean): void {
  if (!run.parent) return;
  const cancels = commit.entries.some((entry) => entry.type === 'cancel.requested' && decoded(entry)['who'] === 'its parent');
  if (!takenBack && !cancels) return;
  const { run: parent, n } = run.parent;
  const own = undoKey(n, false);
  const next = parent.order[parent.undone.length];
  const inPlace = next === own || parent.undone.includes(own);
  walk.must(inPlace, 'child-place', run.name, () => `${parent.name} takes it back, and ${next ?? 'nothing'} is next there`);
}

/** A run that says that its pivot has passed: its own, or that of a child, which it may know before the child has ended. */
export function checkPassed(walk: Walk, run: RunState, commit: CommitRecord): void {
  if (run.pivotPassed || metaOf(commit).pivot !== 'passed') return;
  const passed = run.steps.some((step) => born(walk, step)?.pivotPassed === true);
  walk.must(passed, 'child-pivot', run.name, () => 'it says that a pivot has passed, and none has');
  run.pivotPassed = true;
}

/** What a step says that is a saga, and what that run says. */
export function checkChildOutcome(walk: Walk, run: RunState, commit: CommitRecord, step: StepState, record: Record<string, unknown>): void {
  if (step.byHand) return;
  const must = (holds: boolean, rule: Rule, what: string): void =>
    walk.must(holds, rule, run.name, () => `${step.key} is ${step.outcome}, ${what}`);
  const child = born(walk, step);
  if (step.outcome === 'refused') must(!child || child.end?.status === 'compensated', 'child-true', `and the run is ${child?.status}`);
  const { code } = (record['error'] ?? {}) as { code?: unknown };
  const fails = run.decidedAt !== undefined || code === 'SAGA_COMPENSATED' || code === 'SAGA_MIXED';
  if (step.outcome !== 'done') return must(fails, 'child-fails', `because of ${String(code)}`);
  must(child?.end?.status === 'completed', 'child-true', `and the run is ${child?.status}`);
  must(JSON.stringify(record['result']) === JSON.stringify(child?.end?.result), 'child-true', 'and the run has another result');
  if (!child?.pivotPassed) return;
  must(metaOf(commit).pivot === 'passed', 'child-pivot', 'its pivot has passed, and that of the parent has not');
  run.pivotPassed = true;
}

/** A parent calls the undo of its child done. */
export function checkChildUndone(walk: Walk, run: RunState, step: StepState): void {
  const child = born(walk, step);
  walk.must(child?.end?.status === 'compensated', 'child-undone', run.name, () => `${step.key} is called undone, and is ${child?.status}`);
}

/** When everything is over. */
export function checkChildEnd(walk: Walk, run: RunState, step: StepState): void {
  const { n, key, outcome, byHand } = step;
  const child = born(walk, step);
  if (run.waived.includes(n) || byHand || !run.end) return;
  if (run.end.status === 'completed') {
    const stays = outcome !== 'done' || child?.end?.status === 'completed';
    return walk.must(stays, 'child-stays', run.name, () => `${key} is done, and the run is ${child?.status}`);
  }
  const gone = child ? child.end?.status === 'compensated' : outcome === 'refused';
  walk.must(gone, 'child-undone', run.name, () => `it is ${run.end?.status}, and ${key} is ${child?.status ?? 'not there'}`);
}

/** The run that a step is, once it has begun. */
function born(walk: Walk, step: StepState): RunState | undefined {
  const child = walk.runs.get(childOf(step) ?? '');
  return child && child.version > 0 ? child : undefined;
}
