import { currentScope, defineSaga, defineStep, retry } from '@redress/core';
import type { AnyUndo, Probe, ProbeAnswer, SagaDefinition, StepDefinition } from '@redress/core';
import { LATE_EFFECT_MS, UNDO_TIMEOUT_MS } from './property-outside.js';
import type { Life, Outside } from './property-outside.js';
import type { Performed, Plan } from './property-plan.js';

export const SAGA = 'random';
export const ID = 'x';

interface Definitions {
  readonly saga: SagaDefinition<[], string>;
  readonly steps: readonly StepDefinition<[number], string>[];
}

/** The saga of a plan, as one process performs it. */
export function definitions(plan: Plan, units: readonly (readonly Performed[])[], outside: Outside, lifeOf: () => Life): Definitions {
  const all = units.flat();
  const steps = new Map<string, StepDefinition<[number], string>>();
  for (const one of all) if (!steps.has(one.operation)) steps.set(one.operation, stepOf(one, all, outside, lifeOf));
  const saga = defineSaga(SAGA, { id: () => ID }, async (run) => {
    for (const [at, unit] of units.entries()) {
      const sleepMs = plan.units[at]?.sleepMs ?? 0;
      if (sleepMs > 0) await run.sleep(sleepMs);
      await Promise.all(
        unit.map(async ({ operation, index, caught }) => {
          const called = run.step(steps.get(operation) as StepDefinition<[number], string>, index);
          return caught ? called.catch(() => 'caught') : called;
        }),
      );
      if (at + 1 === plan.throwsAfter) throw new Error('the body fails');
    }
    return 'the end';
  });
  return { saga, steps: [...steps.values()] };
}

function stepOf(one: Performed, all: readonly Performed[], outside: Outside, lifeOf: () => Life): StepDefinition<[number], string> {
  const { kind, maxRetries, retries, operation, pivot } = one;
  const compensate = (undo: AnyUndo): Promise<void> => outside.undo(lifeOf(), undo, all[Number(undo.args[0])] as Performed);
  const limits = { delay: 20, maxDelay: 200, timeout: UNDO_TIMEOUT_MS, lateEffectMs: LATE_EFFECT_MS };
  const undo = { total: kind !== 'partial', ...limits, ...(maxRetries === undefined ? {} : { maxRetries }) };
  const policies = retries === 0 ? [] : [retry({ maxRetries: retries, delay: 20, maxDelay: 50 })];
  const probe = async ({ key, args }: Probe<readonly unknown[]>): Promise<ProbeAnswer<string>> =>
    outside.probe(key, all[Number(args[0])] as Performed);
  const asked = pivot && one.probe !== 'none' ? { probe } : {};
  const common = { policies, repeatable: !one.once, ...(pivot ? { pivot } : {}), ...asked };
  const body = (index: number): Promise<string> => outside.act(lifeOf(), currentScope()?.step?.key ?? '', all[index] as Performed);
  if (kind === 'readOnly') return defineStep(operation, { ...common, readOnly: true }, body);
  if (kind === 'irreversible') return defineStep(operation, { ...common, irreversible: 'a letter' }, body);
  return defineStep(operation, { ...common, compensate, undo, ...(kind === 'refusable' ? { compensateRefused: true } : {}) }, body);
}
