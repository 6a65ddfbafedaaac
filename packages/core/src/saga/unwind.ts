import type { HeadPatch } from '../base/store.js';
import { runInScope } from '../base/scope.js';
import { sleep } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import type { Compensation, Operation } from './definition.js';
import { SagaMixedError, SagaStuckError, SagaVerbError, UndoTimeoutError } from './errors.js';
import { undoneKey } from './history.js';
import type { History, StepHistory } from './history.js';
import type { FrozenRecord } from './records.js';
import type { Journal } from './journal.js';
import type { RunEnd } from './run-end.js';
import type { Around } from './step-call.js';
import type { AnyUndo } from './undo.js';

/** What going back needs of the run. */
export interface UnwindHost {
  readonly journal: Journal;
  readonly environment: Environment;
  readonly leaseMs: number;
  readonly around: Around | undefined;
  readonly stopping: boolean;
  /** Aborted when a pause is of no use any more. */
  readonly interrupted: AbortSignal;
  operation(name: string): Operation | undefined;
  /** The store's clock. */
  now(): Promise<number>;
  /** Leaves the run to others, later and later. */
  leave(why: string): void;
  /** The error, or as much of it as can be kept. */
  encodable(error: unknown): unknown;
}

const OVER: HeadPatch = { owner: null, wake: null };

/**
 * Fixes what is to be undone, and in which order: reverse start order, by journal sequence. Done steps and those whose
 * outcome is unknown; refused ones, readers and irreversible ones have nothing to undo.
 */
export async function freeze(run: UnwindHost, patch: HeadPatch): Promise<void> {
  const { journal } = run;
  const todo = journal.history.steps
    .filter(({ intent, outcome }) => intent.kind === 'compensated' && (outcome?.outcome !== 'refused' || intent.compensateRefused))
    .reverse();
  const late = todo.filter((step) => mayStillLand(step) && !operationOf(run, step)?.compensation?.policy.total);
  const lateAt = late.length === 0 ? {} : { lateAt: (await run.now()) + Math.max(...late.map((step) => lateEffectMs(run, step))) };
  journal.add('undo', 'undo.frozen', { list: todo.map(({ n }) => n), late: late.map(({ n }) => n), ...lateAt });
  if (todo.length > 0) return journal.flush(patch);
  return finish(run, patch);
}

/** An attempt whose outcome nobody learned: its effect may come after the undo looked for it. */
function mayStillLand({ outcome }: StepHistory): boolean {
  return outcome?.outcome !== 'done' || outcome.alsoUnknown;
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
  return journal.flush({ ...patch, ...OVER, status });
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
  const tried = await attempts(run, step, compensation, late);
  if ('why' in tried) return tried;
  if ('error' in tried) return stick(run, step, tried.error);
  journal.add(key, 'undo.completed', { attempts: tried.attempts, late }, n);
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

type Tried = { readonly attempts: number } | { readonly error: unknown } | { readonly status: 'left'; readonly why: string };

async function attempts(run: UnwindHost, step: StepHistory, compensation: Compensation, late: boolean): Promise<Tried> {
  const { journal, environment } = run;
  const { policy } = compensation;
  for (let attempt = 1; ; attempt++) {
    if (!journal.isSafe(environment.clock.monotonic())) journal.close('its lease was not safe any more when an undo was to start');
    if (journal.closed) return { status: 'left', why: journal.closed.message };
    if (run.stopping) {
      if (journal.meta.held) await journal.park('it is held', null);
      else await journal.handBack('the runtime stops', 0);
      return { status: 'left', why: 'it goes on later' };
    }
    try {
      await once(run, step, compensation, late, attempt);
      return { attempts: attempt };
    } catch (error) {
      const told = { step: step.intent.operation, error, details: { attempt } };
      journal.tell('undo.failed', told);
      if (attempt === policy.alertAfter) journal.tell('undo.alert', told);
      if (attempt > policy.maxRetries || needsPerson(error)) return { error };
      const pause = Math.min(policy.delayMs * 2 ** Math.min(attempt - 1, 30), policy.maxDelayMs);
      await sleep(environment.clock, pause * (0.5 + environment.random.next() / 2), run.interrupted, true);
    }
  }
}

/** A child that waits for a person, or has passed its pivot, makes its parent wait for one. */
function needsPerson(error: unknown): boolean {
  return error instanceof SagaStuckError || error instanceof SagaMixedError || error instanceof SagaVerbError;
}

/** One attempt, with its own signal: only its own time-out aborts it. */
async function once(run: UnwindHost, step: StepHistory, compensation: Compensation, late: boolean, attempt: number): Promise<void> {
  const { saga, id, history } = run.journal;
  const { intent, outcome } = step;
  const controller = new AbortController();
  const key = `${intent.key}/undo${late ? '/late' : ''}`;
  const result = outcome?.outcome === 'done' ? { outcome: 'done' as const, result: outcome.result } : { outcome: 'unknown' as const };
  const alsoUnknown = outcome?.outcome === 'done' && outcome.alsoUnknown;
  const facts = {
    args: intent.args,
    key,
    forwardKey: intent.key,
    cause: history.cause,
    attempt,
    signal: controller.signal,
    alsoUnknown,
    late,
  };
  const undo: AnyUndo = { ...facts, ...result };
  const scope = { step: { operation: intent.operation, key, signal: controller.signal, attempt, saga, id } };
  await new Promise<void>((resolve, reject) => {
    const timer = run.environment.clock.setTimer(
      compensation.policy.timeoutMs,
      () => {
        const error = new UndoTimeoutError(saga, id, intent.operation, compensation.policy.timeoutMs);
        reject(error);
        controller.abort(error);
      },
      { background: true },
    );
    const { environment, around } = run;
    const call = {
      operation: intent.operation,
      args: intent.args,
      direction: 'undo',
      signal: controller.signal,
      attempt,
      environment,
    } as const;
    const body = async (): Promise<unknown> => compensation.run(undo);
    runInScope(scope, async () => (around ? around(call, body) : body()))
      .then(() => resolve(), reject)
      .finally(() => timer.cancel());
  });
}
