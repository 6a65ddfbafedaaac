import type { Declared } from './analysis/model.js';

/** How many steps say what of their way back. */
export interface StepCounts {
  readonly compensated: number;
  readonly readOnly: number;
  readonly irreversible: number;
  readonly undeclared: number;
}

export interface StepOfSaga {
  readonly step: string;
  readonly declared: Declared;
  /** The method that undoes it. */
  readonly undo?: string;
  readonly pivot?: true;
}

/** What of one saga can be undone. */
export interface SagaCoverage {
  readonly saga: string;
  readonly path: string;
  /** Steps that change something, and methods that do and are no steps. */
  readonly effectful: number;
  /** Those with an undo. */
  readonly reversible: number;
  /** In the order in which the body calls them; methods that are no steps come last. */
  readonly steps: readonly StepOfSaga[];
}

export function addCounts(all: readonly StepCounts[]): StepCounts {
  const sum = (key: keyof StepCounts): number => all.reduce((total, one) => total + one[key], 0);
  return { compensated: sum('compensated'), readOnly: sum('readOnly'), irreversible: sum('irreversible'), undeclared: sum('undeclared') };
}
