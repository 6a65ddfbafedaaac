import { ConflictError, createRuntime, SagaVerbError } from '@redress/core';
import type { Loaded, Runtime } from '@redress/core';
import { VERBS } from './property-plan.js';
import type { Verb } from './property-plan.js';
import { ID, SAGA } from './property-saga.js';
import { World, wrapStore } from './support.js';

const STEP_VERBS: ReadonlySet<Verb> = new Set(['markCompensated', 'waive', 'completeStep', 'refuseStep']);

/** Does what the verb says, to a step if it speaks of one. */
export function perform(runtime: Runtime, verb: Verb, step: string, who = 'ann', days = 9_999): Promise<void> {
  const audit = { who, why: 'it was time' };
  const { admin } = runtime;
  if (verb === 'extend') return admin.extend(SAGA, ID, `${days}d`, audit);
  if (verb === 'signal') return runtime.signal(SAGA, ID, 'news', step);
  if (verb === 'markCompensated') return admin.markCompensated(SAGA, ID, step, { ...audit, evidence: 'seen' });
  if (verb === 'completeStep') return admin.completeStep(SAGA, ID, step, 'by hand', audit);
  return verb === 'refuseStep' || verb === 'waive' ? admin[verb](SAGA, ID, step, audit) : admin[verb](SAGA, ID, audit);
}

/** The verbs that this run would take, each tried on a copy of it, with each of its steps. */
export async function possibleIn(found: Loaded): Promise<readonly string[]> {
  const { store } = new World();
  const copy = wrapStore(store, {
    load: async () => found,
    commit: async ({ id, expect }) => {
      if (expect === 'absent') throw new ConflictError(id, 'exists');
      return { head: found.head, applied: true };
    },
  });
  const runtime = createRuntime({ store: copy, worker: false });
  const steps = found.entries.filter(({ type }) => type === 'step.started').map((_, at) => String(at + 1));
  const possible: string[] = [];
  for (const verb of VERBS) {
    for (const step of STEP_VERBS.has(verb) ? steps : ['1']) {
      const taken = await perform(runtime, verb, step).then(
        () => true,
        (error: unknown) => (error instanceof SagaVerbError ? false : Promise.reject(error as Error)),
      );
      if (taken && !possible.includes(verb)) possible.push(verb);
    }
  }
  return possible;
}
