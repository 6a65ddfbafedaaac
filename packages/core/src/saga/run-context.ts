import { durationMs } from '../base/duration.js';
import type { Operation, RunContext, SagaDefinition } from './definition.js';
import type { Invoke } from './step-call.js';
import { receiveOperation, SLEEP } from './waits.js';

/** A wait has no body. */
const nothing: Invoke = () => Promise.resolve();

/** What a saga's body is given: each of its verbs is a call that the journal knows. */
export function contextOf(
  run: { readonly saga: string; readonly id: string },
  call: (operation: Operation, args: readonly unknown[], invoke: Invoke) => Promise<unknown>,
  child: (saga: SagaDefinition, args: readonly unknown[]) => Promise<unknown>,
): RunContext {
  return {
    saga: run.saga,
    id: run.id,
    step: (step, ...args) => call(step, args, step.invoke as unknown as Invoke) as never,
    sleep: async (duration) => void (await call(SLEEP, [durationMs(duration, 'sleep')], nothing)),
    receive: (name, { timeout } = {}) => {
      const limit = timeout === undefined ? [] : [durationMs(timeout, 'timeout')];
      return call(receiveOperation(name), [name, ...limit], nothing) as never;
    },
    child: (saga, ...args) => child(saga as unknown as SagaDefinition, args) as never,
  };
}
