import { declared, isSaga, isStep } from './analysis/model.js';
import type { Declared, Operation, Unit } from './analysis/model.js';
import type { Reach } from './analysis/reach.js';
import { classAround } from './analysis/syntax.js';
import { unmarkedEffects } from './analysis/unmarked.js';
import type { SagaCoverage, StepCounts } from './counts.js';

export function countSteps(steps: readonly Operation[]): StepCounts {
  const count = (what: Declared): number => steps.filter((one) => declared(one) === what).length;
  return {
    compensated: count('compensated'),
    readOnly: count('read-only'),
    irreversible: count('irreversible'),
    undeclared: count('undeclared') + count('unreadable'),
  };
}

export function coverageOf(unit: Unit, reach: Reach, display: (path: string) => string): readonly SagaCoverage[] {
  return unit.operations.filter(isSaga).map((saga) => {
    const steps = [...new Set(reach.operations(saga.fn).map(({ operation }) => operation))].filter(isStep);
    const effectful = steps.filter((one) => declared(one) !== 'read-only');
    const unmarked = unmarkedEffects(saga, reach).map(
      ({ method }) => `${classAround(method)?.name?.text ?? ''}.${method.name?.getText() ?? ''}`,
    );
    return {
      saga: saga.label,
      path: display(unit.path),
      effectful: effectful.length + unmarked.length,
      reversible: effectful.filter((one) => declared(one) === 'compensated').length,
      steps: [
        ...steps.map((one) => ({ step: one.label, declared: declared(one) })),
        ...unmarked.map((step) => ({ step, declared: 'undeclared' as const })),
      ].toSorted((a, b) => (a.step < b.step ? -1 : 1)),
    };
  });
}
