import type { NewEntry } from '@redress/core';
import type { Walk } from './check.js';
import { bear, checkChildOutcome, checkChildUndone } from './check-children.js';
import { checkDecision, checkPivotOutcome } from './check-pivot.js';
import type { CommitRecord } from './history.js';
import { childOf, decoded, undoKey } from './run-state.js';
import type { RunState, StepState } from './run-state.js';

/** One new entry of a journal. What it says is taken in. */
export function checkEntry(walk: Walk, run: RunState, commit: CommitRecord, entry: NewEntry): void {
  const record = decoded(entry);
  const n = Number(/^(?:step|undo):(\d+)/.exec(entry.key)?.[1] ?? 0);
  const shape = (holds: boolean, what: string): void => walk.must(holds, 'journal-shape', run.name, () => what);
  switch (entry.type) {
    case 'saga.started':
      shape(commit.created && commit.entries[0] === entry, 'its beginning is not the first');
      run.unborn = record['version'] === 0;
      run.args = record['args'] as readonly unknown[];
      run.input = String(run.args[1]);
      return bear(walk, run);
    case 'step.started':
      return addStep(walk, run, commit, n, record);
    case 'step.completed':
    case 'step.refused':
    case 'step.unknown':
      return settleStep(walk, run, commit, n, record);
    case 'saga.compensating':
      walk.must(!run.pivotPassed, 'pivot', run.name, () => 'it goes back after its pivot');
      checkDecision(walk, run, commit, record);
      run.decidedAt = commit.t;
      return shape('cause' in record, 'the decision has no cause');
    case 'undo.frozen':
      return freeze(walk, run, record);
    case 'undo.completed':
      return undone(walk, run, commit, n, record);
    case 'saga.stuck':
      run.stuck = record as unknown as NonNullable<RunState['stuck']>;
      run.isStuck = true;
      walk.must('error' in record, 'ends', run.name, () => 'it is stuck without a reason');
      return;
    case 'run.retried':
      run.isStuck = false;
      return;
    case 'undo.marked':
    case 'undo.waived': {
      const next = run.order[run.undone.length];
      walk.must(
        entry.key === next && run.isStuck,
        'undo-order',
        run.name,
        () => `${entry.key} is resolved, and ${next ?? 'nothing'} is next`,
      );
      run.undone.push(entry.key);
      if (entry.type === 'undo.waived') run.waived.push(n);
      run.isStuck = false;
      return;
    }
    case 'signal.received':
      run.signals.set(entry.key, { name: String(record['name']), given: false });
      return;
    case 'cancel.requested':
      run.cancelledAt ??= commit.t;
      return;
    case 'run.held':
      run.heldAt = commit.t;
      return;
    case 'run.released':
      run.heldAt = undefined;
      return;
    case 'run.parked':
      return walk.must(commit.owner === null && commit.wakeAt !== null, 'status-fits', run.name, () => 'parked, and owned or never due');
    case 'saga.completed': {
      // A wait that the body left behind changed nothing.
      const open = run.steps.filter(({ outcome, kind }) => outcome === undefined && kind !== 'sleep' && kind !== 'receive');
      walk.must(run.decidedAt === undefined, 'direction', run.name, () => 'it completed after the decision to go back');
      walk.must(open.length === 0, 'all-settled', run.name, () => `it completed, and ${open.map(({ key }) => key).join()} had not settled`);
      const wanted = run.cancelledAt === undefined || run.pivotPassed || run.steps.some(({ pivot }) => pivot);
      walk.must(wanted, 'cancel', run.name, () => 'it completed, and was cancelled before');
      run.end = { status: 'completed', result: record['result'] };
      return;
    }
    case 'saga.compensated':
    case 'saga.mixed': {
      const mixed = entry.type === 'saga.mixed';
      walk.must(
        mixed === run.waived.length > 0,
        'undo-all',
        run.name,
        () => `it is ${entry.type}, and ${run.waived.length} undos were waived`,
      );
      const left = run.order.filter((key) => !run.undone.includes(key));
      walk.must(
        (run.frozen !== undefined || run.unborn) && left.length === 0,
        'undo-all',
        run.name,
        () => `compensated without ${left.join()}`,
      );
      run.end = { status: mixed ? 'mixed' : 'compensated' };
      return;
    }
    default:
      return undefined;
  }
}

function addStep(walk: Walk, run: RunState, commit: CommitRecord, n: number, record: Record<string, unknown>): void {
  const { operation, key, kind } = record as { operation: string; key: string; kind: StepState['kind'] };
  const args = record['args'] as readonly unknown[];
  walk.must(n === run.steps.length + 1, 'journal-shape', run.name, () => `step ${n} comes after ${run.steps.length}`);
  walk.must(run.decidedAt === undefined, 'direction', run.name, () => `${key} is intended after the decision to go back`);
  walk.must(!walk.keys.has(key), 'keys', run.name, () => `${key} is a step of ${walk.keys.get(key)} already`);
  walk.keys.set(key, run.name);
  const step: StepState = { n, op: operation, key, kind, pivot: record['pivot'] === true, args, at: commit.at, alsoUnknown: false };
  run.steps.push(step);
  run.byKey.set(key, step);
  const child = childOf(step);
  if (child !== undefined) walk.parents.set(child, { run, n });
}

function settleStep(walk: Walk, run: RunState, commit: CommitRecord, n: number, record: Record<string, unknown>): void {
  const step = run.step(n);
  walk.must(
    step !== undefined && step.outcome === undefined,
    'journal-shape',
    run.name,
    () => `step ${n} settles without having begun, or twice`,
  );
  if (!step) return;
  const { outcome, alsoUnknown = false } = record as { outcome: 'done'; alsoUnknown?: boolean };
  const byHand = 'by' in record;
  if (byHand) run.isStuck = false;
  if (step.pivot && outcome === 'done') run.pivotPassed = true;
  if (step.kind === 'sleep' || step.kind === 'receive') {
    Object.assign(step, { outcome });
    return outcome === 'done' ? checkWait(walk, run, commit, step, record) : undefined;
  }
  Object.assign(step, { outcome, alsoUnknown, byHand });
  if (childOf(step) !== undefined) return checkChildOutcome(walk, run, commit, step, record);
  checkPivotOutcome(walk, run, step);
  const returned = byHand || run.returned.has(`${commit.by} ${step.key}`);
  walk.must(
    outcome !== 'done' || returned,
    'outcome-true',
    run.name,
    () => `${step.key} is called done, and ${commit.by} has not seen it return`,
  );
}

/** A wait has ended: in its time, or with a signal that nobody was given before. */
function checkWait(walk: Walk, run: RunState, commit: CommitRecord, step: StepState, record: Record<string, unknown>): void {
  const must = (holds: boolean, what: string): void => walk.must(holds, 'waits', run.name, () => `${step.key} ${what}`);
  const [first, timeout] = step.args;
  const { signal: given } = record as { signal?: string };
  if (step.kind === 'receive' && given !== undefined) {
    const signal = run.signals.get(given);
    must(signal !== undefined && signal.name === first && !signal.given, `was given ${given}, which is not to be given`);
    if (signal) signal.given = true;
    return;
  }
  const ms = step.kind === 'sleep' ? first : timeout;
  const early = typeof ms === 'number' ? ms - (commit.at - step.at) : Infinity;
  must(early <= 0 || walk.history.clockJumped, `ended ${early} ms too early`);
}

function freeze(walk: Walk, run: RunState, record: Record<string, unknown>): void {
  const frozen = record as unknown as NonNullable<RunState['frozen']>;
  const { toUndo } = run;
  const list = toUndo.map(({ n }) => n);
  const late = toUndo.filter((step) => (step.outcome !== 'done' || step.alsoUnknown) && !walk.history.total.has(step.op)).map(({ n }) => n);
  const said = JSON.stringify([frozen.list, frozen.late]);
  const due = JSON.stringify([list, late]);
  walk.must(said === due, 'undo-list', run.name, () => `the list and the second looks are ${said}, and should be ${due}`);
  walk.must(late.length === 0 || frozen.lateAt !== undefined, 'undo-list', run.name, () => 'it is not said when to look again');
  walk.must(run.decidedAt !== undefined, 'direction', run.name, () => 'a list without a decision');
  run.frozen = frozen;
}

function undone(walk: Walk, run: RunState, commit: CommitRecord, n: number, record: Record<string, unknown>): void {
  const key = undoKey(n, record['late'] === true);
  const next = run.order[run.undone.length];
  walk.must(key === next, 'undo-order', run.name, () => `${key} is recorded, and ${next ?? 'nothing'} is next`);
  const step = run.step(n);
  if (step && childOf(step) !== undefined) checkChildUndone(walk, run, step);
  else checkReturned(walk, run, commit, n, record);
  run.undone.push(key);
}

function checkReturned(walk: Walk, run: RunState, commit: CommitRecord, n: number, record: Record<string, unknown>): void {
  const sent = `${run.step(n)?.key ?? ''}/undo${record['late'] === true ? '/late' : ''}`;
  walk.must(run.returned.has(`${commit.by} ${sent}`), 'outcome-true', run.name, () => `${sent} is called done, and has not returned`);
}
