import { RefusedError } from '@redress/core';
import type { Recovery } from '../recovery/recovery.js';
import type { SagaView, StepOfRun } from '../recovery/saga-view.js';

/** A way for the run to go, before anything dies. */
export interface Scenario<W> {
  readonly name: string;
  readonly arrange: (t: Recovery, world: W) => void;
}

export const FORWARD: Scenario<unknown> = { name: 'forward', arrange: () => {} };

const always = (step: StepOfRun): { readonly times: number; readonly call: number } => ({ times: Infinity, call: occurrence(step) });

export function occurrence({ name }: StepOfRun): number {
  return Number(/#(\d+)$/.exec(name)?.[1] ?? 1);
}

/** Goes back as late as it can: at the pivot, or at the last step, whose answer is lost so that it is undone too. */
export function backward(run: SagaView): Scenario<unknown> | undefined {
  const turn = run.steps.find(({ isPivot }) => isPivot) ?? run.steps.at(-1);
  if (!turn) return undefined;
  const arrange = (t: Recovery): void => {
    if (turn.kind === 'compensated' && !turn.isPivot) t.unknownAt(turn.operation, always(turn));
    else refuse(t, turn);
  };
  return { name: 'backward', arrange };
}

/** Makes the run go back when the step is done: the next one is refused, or its own answer is lost. */
export function turnAfter(t: Recovery, run: SagaView, step: StepOfRun): void {
  const next = run.steps[run.steps.indexOf(step) + 1];
  if (next) refuse(t, next);
  else t.unknownAt(step.operation, always(step));
}

function refuse(t: Recovery, step: StepOfRun): void {
  t.failAt(step.operation, new RefusedError(`${step.name} is refused (injected)`, { code: 'INJECTED' }), always(step));
}

/** Whether it stands before the point of no return. */
export function isBeforePivot(run: SagaView, step: StepOfRun): boolean {
  const pivot = run.steps.find(({ isPivot }) => isPivot);
  return pivot === undefined || step.n < pivot.n;
}

/** Whether it can be undone: it has an undo, and stands before the point of no return. */
export function isUndoable(run: SagaView, step: StepOfRun): boolean {
  return step.kind === 'compensated' && isBeforePivot(run, step);
}
