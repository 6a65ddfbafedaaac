import type { HeadPatch } from '../base/store.js';
import type { Operation } from './definition.js';
import { undoneKey } from './history.js';
import type { History, StepHistory } from './history.js';
import type { FrozenRecord } from './records.js';
import { ending } from './retention.js';
import type { RunEnd } from './run-end.js';
import { undoOnce } from './undo-attempts.js';
import type { UnwindHost } from './unwind-host.js';

const OVER: HeadPatch = { owner: null, wake: null };

/**
 * Fixes what is to be undone, and in which order: reverse start order, by journal sequence. Done steps and those whose
 * outcome is unknown; refused ones, readers and irreversible ones have nothing to undo.
 */
export async function freeze(run: UnwindHost, patch: HeadPatch): Promise<void> {
  const { journal } = run;
  const todo = toUndo(journal.history);
  const late = todo.filter((step) => mayStillLand(step) && !operationOf(run, step)?.compensation?.policy.total);
  const lateAt = late.length === 0 ? {} : { lateAt: (await run.now()) + Math.max(...late.map((step) => lateEffectMs(run, step))) };
  journal.add('undo', 'undo.frozen', { list: todo.map(({ n }) => n), late: late.map(({ n }) => n), ...lateAt });
  if (todo.length > 0) return journal.flush(patch);
  return finish(run, patch);
}

/** Last first. */
function toUndo({ steps }: History): StepHistory[] {
  return steps
    .filter(({ intent, outcome }) => intent.kind === 'compensated' && (outcome?.outcome !== 'refused' || intent.compensateRefused))
    .reverse();
}

/** An attempt whose outcome nobody learned: its effect may come after the undo looked for it. */
function mayStillLand({ outcome }: StepHistory): boolean {
  return outcome?.outcome !== 'done' || outcome.alsoUnknown;
}

/** Whether a step is open, or freezing the list needs the store's time. */
export function isUnclear(history: History): boolean {
  return history.steps.some(({ outcome }) => outcome === undefined) || toUndo(history).some(mayStillLand);
}

function lateEffectMs(run: UnwindHost, step: StepHistory): number {
  const policy = operationOf(run, step)?.compensation?.policy;
  return policy?.lateEffectMs ?? run.leaseMs + (policy?.timeoutMs ?? 30_000);
}

function operationOf(run: UnwindHost, step: StepHistory): Operation | undefined {
  return run.operation(step.intent.operation);
}

type Unwound = Extract<RunEnd, { status: 'stuck' | 'left' }> | undefined;

/** Undoes what the frozen list names and the journal does not call undone. Undefined: all of it, and the end is durable. */
export async function unwind(run: UnwindHost): Promise<Unwound> {
  await run.journal.reread();
  const { history } = run.journal;
  const frozen = history.frozen as FrozenRecord;
  for (const n of frozen.list) {
    const stopped = await undoStep(run, n, false);
    if (stopped) return stopped;
  }
  const lateAt = frozen.lateAt ?? 0;
  if (frozen.late.some((n) => !history.isUndone(n, true)) && (await run.now()) < lateAt) {
    await run.journal.park('an effect with an unknown outcome may still land', { at: lateAt });
    return { status: 'left', why: 'parked' };
  }
  for (const n of frozen.late) {
    const stopped = await undoStep(run, n, true);
    if (stopped) return stopped;
  }
  // The last undo brought the end along, unless a person has settled it.
  if (!isUndone(history)) await finish(run);
  return undefined;
}

/** Whether the end of going back is written: a child may have completed before its parent undid it. */
export function isUndone({ end }: History): boolean {
  return end !== undefined && end.status !== 'completed';
}

/** Writes the end with what is buffered. Whatever a person has waived stays in the world: that is never called compensated. */
function finish(run: UnwindHost, patch: HeadPatch = {}): Promise<void> {
  const { journal } = run;
  const status = journal.history.waived ? 'mixed' : 'compensated';
  // A child that had completed has an end already.
  journal.add(journal.history.end ? 'end/undone' : 'end', status === 'mixed' ? 'saga.mixed' : 'saga.compensated', {});
  return journal.flush({ ...patch, ...ending(journal, status) });
}

async function undoStep(run: UnwindHost, n: number, late: boolean): Promise<Unwound> {
  const { journal } = run;
  const key = undoneKey(n, late);
  if (journal.history.isUndone(n, late)) return undefined;
  const step = journal.history.step(n);
  const compensation = operationOf(run, step)?.compensation;
  if (!compensation) {
    journal.tell('undo.missing', { step: step.intent.operation });
    run.leave(`the compensation of ${step.intent.operation} is not registered here`);
    return { status: 'left', why: 'no compensation' };
  }
  const tried = await undoOnce(run, step, compensation, late);
  if ('why' in tried) return tried;
  if ('error' in tried) return stick(run, step, tried.error);
  journal.add(key, 'undo.completed', { ...tried, late }, n);
  if (!isLast(run)) {
    await journal.flush();
    return undefined;
  }
  await finish(run);
  return undefined;
}

function isLast(run: UnwindHost): boolean {
  const { history } = run.journal;
  const { list, late } = history.frozen as FrozenRecord;
  return history.undoneCount >= list.length + late.length;
}

/** The steps before it wait for a person: an undo that did not happen must not be hidden by those that did. */
async function stick(run: UnwindHost, step: StepHistory, error: unknown): Promise<Unwound> {
  const { journal } = run;
  const told = run.encodable(error);
  journal.add(`stuck:${journal.history.stuck.length + 1}`, 'saga.stuck', { n: step.n, error: told }, step.n);
  journal.note({ stuckFrom: 'compensating' });
  await journal.flush({ ...OVER, status: 'stuck' });
  return { status: 'stuck', cause: journal.history.cause, step: step.intent.operation, error: told };
}
