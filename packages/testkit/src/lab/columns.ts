import { currentScope, RefusedError, runInScope } from '@redress/core';
import type { StartOptions } from '@redress/core';
import { lostAnswer } from '../recovery/faults.js';
import type { Fault } from '../recovery/faults.js';
import type { Recovery } from '../recovery/recovery.js';
import type { SagaView, StepOfRun } from '../recovery/saga-view.js';
import { isBeforePivot, isUndoable, occurrence, turnAfter } from './scenario.js';

/** The step of a cell, in the run that was recorded. */
export interface CellAt<W> {
  readonly t: Recovery;
  readonly world: W;
  readonly run: SagaView;
  readonly step: StepOfRun;
  /** Breaks the world; answers how it is mended. */
  readonly outage: ((world: W) => () => void) | undefined;
}

/** One way for a step to go wrong. */
export interface Column {
  readonly name: string;
  /** False: there is no such cell. A text: why it cannot be tried. */
  readonly applies: (run: SagaView, step: StepOfRun, can: { readonly outage: boolean }) => boolean | string;
  /** Sets it up, and answers what must have happened then. */
  readonly arm: (at: CellAt<unknown>) => readonly Fault[];
  /** With what the run is started. */
  readonly start?: StartOptions;
  /** It must not make a difference: a completed run leaves the world as one in which nothing went wrong. */
  readonly isHarmless: boolean;
}

const always = (): boolean => true;
const undoable: Column['applies'] = isUndoable;
const only = (step: StepOfRun): { readonly call: number } => ({ call: occurrence(step) });
const undoOf = (step: StepOfRun): string => `undo ${step.operation}`;

const forward: readonly Column[] = [
  {
    name: 'runs twice',
    applies: always,
    isHarmless: true,
    arm({ t, step }) {
      const twice = async (_: unknown, next: () => Promise<unknown>): Promise<unknown> => {
        await next();
        return next();
      };
      return [t.replaceAt(step.operation, twice, only(step))];
    },
  },
  {
    name: 'refused',
    applies: always,
    isHarmless: false,
    arm: ({ t, step }) => [
      t.failAt(step.operation, new RefusedError(`${step.name} is refused (injected)`, { code: 'INJECTED' }), only(step)),
    ],
  },
  {
    name: 'answer lost',
    applies: always,
    isHarmless: false,
    arm: ({ t, step }) => [t.unknownAt(step.operation, only(step))],
  },
  {
    name: 'request lost',
    applies: always,
    isHarmless: false,
    arm: ({ t, step }) => [t.unknownAt(step.operation, { ...only(step), effect: false })],
  },
  {
    name: 'deadline passes',
    applies: isBeforePivot,
    isHarmless: false,
    start: { deadline: '1h' },
    arm: ({ t, step }) => [t.hangAt(step.operation, only(step))],
  },
];

const backward: readonly Column[] = [
  {
    name: 'undone first, then it arrives',
    applies: undoable,
    isHarmless: false,
    arm({ t, step }) {
      let arrive = async (): Promise<unknown> => undefined;
      const delayed = async (_: unknown, next: () => Promise<unknown>): Promise<never> => {
        const scope = currentScope() ?? {};
        arrive = () => runInScope(scope, next);
        throw lostAnswer(step.name);
      };
      const overtaken = async (_: unknown, next: () => Promise<unknown>): Promise<unknown> => {
        const answer = await next();
        // Refused or not: nobody waits for this answer any more.
        await arrive().catch(() => {});
        return answer;
      };
      return [t.replaceAt(step.operation, delayed, only(step)), t.replaceAt(undoOf(step), overtaken, only(step))];
    },
  },
  {
    name: 'undo runs twice',
    applies: undoable,
    isHarmless: false,
    arm({ t, run, step }) {
      turnAfter(t, run, step);
      return [t.unknownAt(undoOf(step), only(step))];
    },
  },
  {
    name: 'undo fails, then works',
    applies: undoable,
    isHarmless: false,
    arm({ t, run, step }) {
      turnAfter(t, run, step);
      return [t.unknownAt(undoOf(step), { ...only(step), effect: false, times: 2 })];
    },
  },
  {
    name: 'undo meets an outage',
    applies: (run, step, can) => isUndoable(run, step) && (can.outage || 'give `outage`, which breaks the world for a while'),
    isHarmless: false,
    arm({ t, world, run, step, outage }) {
      turnAfter(t, run, step);
      const broken = async (_: unknown, next: () => Promise<unknown>): Promise<unknown> => {
        const mend = outage?.(world);
        try {
          return await next();
        } finally {
          mend?.();
        }
      };
      return [t.replaceAt(undoOf(step), broken, only(step))];
    },
  },
];

/** The table's columns, from the left. Its rows are the steps. */
export const COLUMNS: readonly Column[] = [...forward, ...backward];
