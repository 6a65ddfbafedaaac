import { operationsOf } from '@redress/decorators';
import type { Class } from '@redress/decorators';

/** A step of plain functions, or its stable name. `undo charge` is the undo of `charge`. */
export type StepTarget = string | { readonly name: string };

export type MethodOf<T> = { [K in keyof T]: T[K] extends (...args: never) => unknown ? K : never }[keyof T] & string;

/** `Payments.charge` for the step, `undo Payments.charge` for its undo. */
export function placeOf(operation: string, direction: 'forward' | 'undo' = 'forward'): string {
  return direction === 'undo' ? `undo ${operation}` : operation;
}

/** Where a method of a class, or a step, runs. One handler may undo several steps. @throws TypeError naming what there is. */
export function placesOf(target: Class | StepTarget, method?: string): readonly string[] {
  if (typeof target === 'string') return [target];
  if (typeof target !== 'function') return [target.name];
  const operations = operationsOf(target as Class).filter(({ kind }) => kind !== 'saga');
  const found = operations.filter((one) => one.method === method);
  if (found.length > 0) return found.map(({ kind, name }) => placeOf(name, kind === 'undo' ? 'undo' : 'forward'));
  const there = operations.map((one) => one.method).join(', ') || 'none';
  throw new TypeError(`${target.name}.${method ?? '(no method)'} is neither a step nor an undo. Of this class there are: ${there}.`);
}

/** Stable names of a class's sagas. */
export function sagasOf(type: Class): readonly string[] {
  return operationsOf(type).flatMap(({ kind, name }) => (kind === 'saga' ? [name] : []));
}

/** Whether `Payments.charge` is called `charge` for short. */
export function isCalled(operation: string, short: string): boolean {
  return operation === short || operation.endsWith(`.${short}`);
}
