import { declared, isPivot, isSaga, isStep, mark, optionOf } from './analysis/model.js';
import type { Declared, Operation, Unit } from './analysis/model.js';
import type { Hop, Reach } from './analysis/reach.js';
import { classAround } from './analysis/syntax.js';
import { unmarkedEffects } from './analysis/unmarked.js';
import type { SagaCoverage, StepCounts, StepOfSaga } from './counts.js';
import { ts } from './port.js';

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
    const called = reach.operations(saga.fn).toSorted((a, b) => placeOf(a.hops) - placeOf(b.hops));
    const steps = [...new Set(called.map(({ operation }) => operation))].filter(isStep);
    const effectful = steps.filter((one) => declared(one) !== 'read-only');
    const unmarked = unmarkedEffects(saga, reach).map(
      ({ method }) => `${classAround(method)?.name?.text ?? ''}.${method.name?.getText() ?? ''}`,
    );
    return {
      saga: saga.label,
      path: display(unit.path),
      effectful: effectful.length + unmarked.length,
      reversible: effectful.filter((one) => declared(one) === 'compensated').length,
      steps: [...steps.map(shown), ...unmarked.toSorted().map((step) => ({ step, declared: 'undeclared' as const }))],
    };
  });
}

/** Where the body calls it, or the helper that does. */
function placeOf(hops: readonly Hop[]): number {
  return hops[0]?.call.getStart() ?? 0;
}

function shown(step: Operation): StepOfSaga {
  const undo = undoOf(step);
  return {
    step: step.label,
    declared: declared(step),
    ...(undo === undefined ? {} : { undo }),
    ...(isPivot(step) ? { pivot: true } : {}),
  };
}

/** `refund` of `(p: Payments) => p.refund`, or the name of a function. */
function undoOf(step: Operation): string | undefined {
  const given = mark(step, 'Compensate')?.args[0] ?? optionOf(step, 'Step', 'compensate');
  if (!given) return undefined;
  const named = ts.isArrowFunction(given) ? given.body : given;
  if (ts.isPropertyAccessExpression(named)) return named.name.text;
  return ts.isIdentifier(named) ? named.text : undefined;
}
