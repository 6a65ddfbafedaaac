import { ts } from '../port.js';
import type { Operation } from './model.js';
import type { Reach, Reached } from './reach.js';
import { classAround, isFunction } from './syntax.js';
import type { Function } from './syntax.js';

export interface UnmarkedEffect {
  readonly method: Function;
  readonly reached: Reached;
}

/** Methods that a saga calls, that change something and are no steps; each once, by its shortest way. */
export function unmarkedEffects(saga: Operation, reach: Reach): readonly UnmarkedEffect[] {
  const found = new Map<Function, UnmarkedEffect>();
  for (const reached of reach.from(saga.fn)) {
    const method = reached.kind === 'write' ? methodAtFault(saga, reached) : undefined;
    if (method && !found.has(method)) found.set(method, { method, reached });
  }
  return [...found.values()];
}

/** The method that should be a step: the first of another class, else the last helper of the saga's own one. */
function methodAtFault(saga: Operation, { hops }: Reached): Function | undefined {
  const methods = hops.flatMap(({ fn }) => (fn && ts.isMethodDeclaration(fn) && isFunction(fn) ? [fn] : []));
  const own = classAround(saga.fn);
  return methods.find((one) => classAround(one) !== own) ?? methods.at(-1);
}
