import { handlerOf } from './handler.js';
import { methodsOf } from './registry.js';
import type { Class } from './registry.js';

/** What a method is to the engine. One that undoes several steps is listed with each of them. */
export interface NamedOperation {
  readonly method: string;
  readonly kind: 'saga' | 'step' | 'undo';
  /** The stable name that journals know it by; of an undo, the name of the step that it undoes. */
  readonly name: string;
}

/** The sagas, steps and undos of a class under their stable names: for tests, tools and lists. */
export function operationsOf(type: Class): readonly NamedOperation[] {
  return [...methodsOf(type)].flatMap(([method, { marks }]): readonly NamedOperation[] => {
    const subject = `${type.name}.${method}`;
    const [saga] = marks.saga;
    if (saga) return [{ method, kind: 'saga', name: saga.name ?? subject }];
    const [undo] = marks.compensate;
    if (marks.step.length === 0 && !undo) return [];
    const step: NamedOperation = { method, kind: 'step', name: marks.step[0]?.name ?? subject };
    const handler = undo && handlerOf(type, undo);
    return handler && 'name' in handler ? [step, { method: handler.name, kind: 'undo', name: step.name }] : [step];
  });
}
