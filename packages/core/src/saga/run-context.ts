import { durationMs } from '../base/duration.js';
import type { RunContext, SagaDefinition } from './definition.js';
import type { PassScope } from './runtime-types.js';
import type { Invoke } from './step-call.js';
import { receiveOperation, SLEEP } from './waits.js';

/** A wait has no body. */
const nothing: Invoke = () => Promise.resolve();

/** What a saga's body is given: each of its verbs is a call that the journal knows. */
export function contextOf(run: { readonly saga: string; readonly id: string }, pass: Pick<PassScope, 'step' | 'child'>): RunContext {
  return {
    saga: run.saga,
    id: run.id,
    step: (step, ...args) => pass.step(step, args, step.invoke as unknown as Invoke) as never,
    sleep: async (duration) => void (await pass.step(SLEEP, [durationMs(duration, 'sleep')], nothing)),
    receive: (name, { timeout } = {}) => {
      const limit = timeout === undefined ? [] : [durationMs(timeout, 'timeout')];
      return pass.step(receiveOperation(name), [name, ...limit], nothing) as never;
    },
    child: (saga, ...args) => pass.child(saga as unknown as SagaDefinition, args) as never,
  };
}
