import { runInScope } from '../base/scope.js';
import { sleep } from '../base/clock.js';
import { TerminalError } from '../base/errors.js';
import type { Call } from '../base/interceptor.js';
import type { StepScope } from '../base/scope.js';
import type { Compensation, UndoPolicy } from './definition.js';
import { SagaMixedError, SagaStuckError, SagaVerbError, StepFencedError, UndoTimeoutError } from './errors.js';
import type { StepHistory } from './history.js';
import type { AnyUndo } from './undo.js';
import type { UnwindHost } from './unwind-host.js';

/** What an undo came to: done, failed for good, or left to others. */
export type Tried =
  | { readonly attempts: number; readonly alternate?: true }
  | { readonly error: unknown }
  | { readonly status: 'left'; readonly why: string };

/** One undo of one step. */
interface Undoing {
  readonly step: StepHistory;
  readonly late: boolean;
  readonly key: string;
  readonly policy: UndoPolicy;
  readonly run: (undo: AnyUndo) => unknown;
}

/**
 * Undoes a step; when that has failed for good, by its alternate, with the same facts and a budget of its own.
 * Recovery blocks: Garcia-Molina and Salem, Sagas, 1987, section 6.
 */
export async function undoOnce(run: UnwindHost, step: StepHistory, compensation: Compensation, late: boolean): Promise<Tried> {
  const { alternate, policy } = compensation;
  const first = { step, late, policy, run: compensation.run, key: `${step.intent.key}/undo${late ? '/late' : ''}` };
  const tried = await attempts(run, first);
  if (!alternate || !('error' in tried)) return tried;
  run.journal.tell('undo.alternate', { step: step.intent.operation, error: tried.error });
  const other = await attempts(run, { ...first, run: alternate, key: `${first.key}/alternate` });
  return 'attempts' in other ? { ...other, alternate: true } : other;
}

async function attempts(run: UnwindHost, undoing: Undoing): Promise<Tried> {
  const { journal, environment } = run;
  const { policy, step } = undoing;
  for (let attempt = 1; ; attempt++) {
    if (!journal.isSafe(environment.clock.monotonic())) journal.close('its lease was not safe any more when an undo was to start');
    if (journal.closed) return { status: 'left', why: journal.closed.message };
    if (run.stopping) {
      await run.putDown();
      return { status: 'left', why: 'it goes on later' };
    }
    try {
      await once(run, undoing, attempt);
      return { attempts: attempt };
    } catch (error) {
      const told = { step: step.intent.operation, error, details: { attempt } };
      journal.tell('undo.failed', told);
      if (attempt === policy.alertAfter) journal.tell('undo.alert', told);
      if (attempt > policy.maxRetries || error instanceof TerminalError || needsPerson(error)) return { error };
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
async function once(run: UnwindHost, undoing: Undoing, attempt: number): Promise<void> {
  const { environment, around } = run;
  const { saga, id } = run.journal;
  const { intent, notes = [] } = undoing.step;
  const { operation, args } = intent;
  const { timeoutMs } = undoing.policy;
  const controller = new AbortController();
  const { signal } = controller;
  const note = (): Promise<void> => Promise.reject(new StepFencedError(saga, id, operation));
  const step: StepScope = { operation, key: undoing.key, signal, attempt, notes, note, saga, id };
  const call: Call = { operation, args, direction: 'undo', signal, attempt, environment };
  const body = async (): Promise<unknown> => undoing.run(factsOf(run, undoing, attempt, signal));
  const ended = new Promise<void>((resolve, reject) => {
    const timer = environment.clock.setTimer(
      timeoutMs,
      () => {
        const error = new UndoTimeoutError(saga, id, operation, timeoutMs);
        reject(error);
        controller.abort(error);
      },
      { background: true },
    );
    runInScope({ step }, async () => (around ? around(call, body) : body()))
      .then(() => resolve(), reject)
      .finally(() => timer.cancel());
  });
  run.undoing = ended.catch(() => {});
  await ended;
}

function factsOf(run: UnwindHost, { step, late, key }: Undoing, attempt: number, signal: AbortSignal): AnyUndo {
  const { intent, outcome, notes = [] } = step;
  const result = outcome?.outcome === 'done' ? { outcome: 'done' as const, result: outcome.result } : { outcome: 'unknown' as const };
  const alsoUnknown = outcome?.outcome === 'done' && outcome.alsoUnknown;
  const { cause } = run.journal.history;
  return { args: intent.args, key, forwardKey: intent.key, cause, attempt, signal, alsoUnknown, notes, late, ...result };
}
