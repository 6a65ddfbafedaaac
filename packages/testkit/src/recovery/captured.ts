import type { SagaDefinition } from '@redress/core';
import type { App, Class } from '@redress/decorators';

type Captured = [saga: SagaDefinition, args: readonly unknown[]];

/** What is to be run: a definition with its arguments, or the saga method that `second` calls on the object that it is given. */
export function captured(app: App, target: Class | SagaDefinition, second: unknown): Captured {
  if (typeof target !== 'function') return [target, second as readonly unknown[]];
  if (typeof second !== 'function') throw new TypeError(`${target.name}: say which method is called, as in (s) => s.place(order).`);
  let found: Captured | undefined;
  const recorder = new Proxy(target.prototype as object, {
    get: (_, method) => {
      return (...args: unknown[]): Promise<never> => {
        found ??= [app.saga(target as Class<Record<string, () => Promise<unknown>>>, String(method)) as SagaDefinition, args];
        return new Promise(() => {});
      };
    },
  });
  void (second as (saga: object) => unknown)(recorder);
  if (found) return found;
  throw new TypeError(`${target.name}: no method was called. Call one saga, as in (s) => s.place(order).`);
}
