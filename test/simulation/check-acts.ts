import type { Walk } from './check.js';
import { checkLate } from './check-deadline.js';
import { checkRepeated } from './check-pivot.js';
import type { BodyRecord, EffectRecord, EventRecord, UndoRecord } from './history.js';
import { OPERATIONS, UNDO_MS } from './plan.js';
import type { Traits } from './plan.js';
import type { RunState } from './run-state.js';
import { EPOCH } from './timeline.js';

/** The body of a step begins or ends. */
export function checkBody(walk: Walk, record: BodyRecord): void {
  const run = walk.run(record.run);
  const { key, op, by } = record;
  if (record.kind === 'body.end') {
    if (record.ending === 'ok') run.returned.add(`${by} ${key}`);
    return close(run.openBodies, record);
  }
  const step = run.byKey.get(key);
  walk.must(step?.op === op, 'intent-first', run.name, () => `${key} begins, and the journal has no intent of it`);
  run.openBodies.add(record);
  if (isLapsed(walk, run, by)) return;
  const since = run.claimedAt.get(by) ?? -1;
  const wanted = run.cancelledAt === undefined || since < run.cancelledAt || run.pivotPassed || run.steps.some(({ pivot }) => pivot);
  walk.must(wanted, 'cancel', run.name, () => `${key} begins in ${by}, which claimed the run after it was cancelled`);
  walk.must(run.decidedAt === undefined, 'not-after-decision', run.name, () => `${key} begins in ${by} after the decision to go back`);
  walk.must(step?.outcome === undefined, 'not-again', run.name, () => `${key} begins in ${by}, and is ${step?.outcome} already`);
  const { once, probed } = traitsOf(op);
  walk.must(
    !once || probed === true || record.call === 1,
    'not-repeatable',
    run.name,
    () => `${key} begins in ${by} for the ${record.call}. time`,
  );
  checkOwner(walk, run, by, key);
  checkLate(walk, run, by, key);
  if (step) checkRepeated(walk, run, step, record);
}

/** An undo begins or ends. */
export function checkUndo(walk: Walk, record: UndoRecord): void {
  const run = walk.run(record.run);
  const { key, forwardKey, late, by, outcome } = record;
  if (record.kind === 'undo.end') {
    if (record.ending === 'ok') run.returned.add(`${by} ${key}`);
    return close(run.openUndos, record);
  }
  const step = run.byKey.get(forwardKey);
  const must = (holds: boolean, rule: Parameters<Walk['must']>[1], what: string): void =>
    walk.must(holds, rule, run.name, () => `${key} ${what}`);
  must(key === `${forwardKey}/undo${late ? '/late' : ''}`, 'keys', 'is not the key of this undo');
  must(step !== undefined && run.frozen !== undefined, 'undo-known', 'begins before what is to be undone is fixed');
  run.openUndos.add(record);
  if (!step || isLapsed(walk, run, by)) return;
  must(
    outcome === (step.outcome === 'done' ? 'done' : 'unknown'),
    'undo-known',
    `is told ${outcome}, and the journal says ${step.outcome}`,
  );
  const next = run.order[run.undone.length];
  const own = late ? `undo:${step.n}/late` : `undo:${step.n}`;
  if (run.undone.includes(own)) must(false, 'not-again', `begins in ${by}, and is done already`);
  else must(own === next, 'undo-order', `begins, and ${next ?? 'nothing'} is next`);
  const early = !walk.history.clockJumped && late && EPOCH + walk.t < (run.frozen?.lateAt ?? 0);
  must(!early, 'late-later', `begins ${(run.frozen?.lateAt ?? 0) - EPOCH - walk.t} ms too early`);
  checkOwner(walk, run, by, key);
  checkApart(walk, run, record);
}

/** A store's clock that jumps ends leases without a word: then an owner of yesterday may act, though it cannot write. */
function isLapsed(walk: Walk, run: RunState, by: string): boolean {
  return walk.history.clockJumped && run.owner !== by;
}

/** It begins while this process owns the run. */
function checkOwner(walk: Walk, run: RunState, by: string, key: string): void {
  if (walk.history.clockJumped) return;
  const held = run.heldAt !== undefined && (run.claimedAt.get(by) ?? -1) > run.heldAt;
  walk.must(!held, 'held', run.name, () => `${key} begins in ${by}, which found the run held`);
  walk.must(run.owner === by, 'acts-as-owner', run.name, () => `${key} begins in ${by}, and ${run.owner} owns the run`);
  const left = (run.wakeAt ?? Infinity) - EPOCH - walk.t;
  walk.must(left > 0, 'acts-as-owner', run.name, () => `${key} begins in ${by}, ${-left} ms after its lease has ended`);
}

/** Nothing of this pass of the same process is running besides. */
function checkApart(walk: Walk, run: RunState, record: UndoRecord): void {
  const { by, key } = record;
  const { name } = run;
  // One that lost its lease without a word, and claimed the run itself, ends the old pass when it takes the run up.
  const since = (walk.history.clockJumped ? run.takenUpAt : run.claimedAt).get(by) ?? -1;
  for (const other of run.openUndos) {
    const over = other === record || other.by !== by || other.t < since || walk.t - other.t >= UNDO_MS;
    walk.must(over, 'undos-apart', name, () => `${key} begins, and ${other.key} has not ended`);
  }
  const waitedMs = walk.t - (run.decidedAt ?? walk.t);
  for (const body of run.openBodies) {
    const { timed, obedient } = traitsOf(body.op);
    const over = body.by !== by || body.t < since || timed === true || obedient === true;
    const grace = walk.history.graceMs.get(by) ?? 0;
    walk.must(over || waitedMs >= grace, 'quiesce', name, () => `${key} begins, and ${body.key} runs, ${waitedMs} ms after the decision`);
  }
}

export function checkEffect(walk: Walk, record: EffectRecord): void {
  if (record.what !== 'landed') return;
  const run = walk.run(record.run);
  walk.landed.add(record.key);
  walk.must(run.byKey.has(record.key), 'intent-first', run.name, () => `an effect of ${record.key} without an intent`);
}

const TOLD: ReadonlySet<string> = new Set([
  ...['saga.started', 'step.started', 'step.completed', 'step.refused', 'step.unknown', 'saga.compensating', 'undo.frozen'],
  ...['undo.completed', 'saga.stuck', 'saga.completed', 'saga.compensated', 'saga.mixed'],
]);

export function checkEvent(walk: Walk, { name, run: runName, by, t }: EventRecord): void {
  if (name === 'run.claimed') walk.run(runName).takenUpAt.set(by, t);
  if (!TOLD.has(name)) return;
  const run = walk.run(runName);
  const count = (run.events.get(name) ?? 0) + 1;
  run.events.set(name, count);
  const entries = run.entries.get(name) ?? 0;
  walk.must(entries > 0, 'told-after', runName, () => `${name} is told, and the journal does not hold it`);
  const twice = name === 'saga.stuck' && count > entries;
  walk.must(!twice, 'told-after', runName, () => `${name} is told ${count} times, and the journal holds ${entries}`);
}

function traitsOf(op: string): Traits {
  return OPERATIONS[op as keyof typeof OPERATIONS] ?? {};
}

function close<R extends { readonly by: string; readonly key: string; readonly call: number }>(open: Set<R>, ended: R): void {
  for (const one of open) if (one.by === ended.by && one.key === ended.key && one.call === ended.call) open.delete(one);
}
