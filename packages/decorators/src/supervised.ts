import { ConfigurationError } from '@redress/core';
import type { ChildSpec } from '@redress/core';
import type { Class } from './registry.js';

/** How a class is supervised; `supervise` says with which others. */
export interface SupervisedOptions extends Omit<ChildSpec, 'id' | 'start' | 'count'> {
  /** Default: the name of the class. */
  readonly id?: string;
}

/** Stands at a class, as a legacy or a standard decorator. */
export type ClassMark = (type: Class, context?: ClassDecoratorContext) => void;

// One for the life of the process, also when two copies of this package are loaded: they must see the same marks.
const KEY = Symbol.for('redress.supervised/1');
const holder = globalThis as unknown as Record<symbol, WeakMap<Class, SupervisedOptions> | undefined>;
const marks = (holder[KEY] ??= new WeakMap());

/**
 * Makes a class a child for `supervise`: `start(context)`, `run(context)`, `stop()`, `ping(signal)` and `busy()` are called where it has
 * them. Its options are checked by `supervise`.
 * @throws ConfigurationError when it does not stand at a class.
 */
export function Supervised(options: SupervisedOptions = {}): ClassMark {
  return (type) => {
    if (typeof type !== 'function') {
      throw new ConfigurationError([{ subject: '@Supervised', cause: 'It does not stand at a class.', remedy: 'Put it at a class.' }]);
    }
    marks.set(type, options);
  };
}

/** What the mark at this class, or at the nearest one that it extends, says. */
export function supervisedMark(type: Class): SupervisedOptions | undefined {
  for (let one: unknown = type; typeof one === 'function'; one = Object.getPrototypeOf(one)) {
    const mark = marks.get(one as Class);
    if (mark) return one === type ? mark : { ...mark, id: type.name };
  }
  return undefined;
}
