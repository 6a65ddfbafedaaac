import { ConfigurationError, openMessageLog } from '@redress/core';
import type { LogContext, LoggedMessage, LogHandler, MessageLog, MessageLogOptions, Recoverable } from '@redress/core';
import { checkpoints, isMarked, storeOf } from './checkpoints.js';
import { prototypes } from './registry.js';

export interface LoggedOptions {
  /** The type of the messages that the method handles. Default: its name. */
  readonly type?: string;
}

/** What a marked method is: it is handed the body of a message, its context, and the message itself. */
export type LoggedMethod = (body: never, context: LogContext, message: LoggedMessage) => unknown;

/** Stands at a method, as a legacy or a standard decorator. */
export interface LoggedMark {
  <F extends LoggedMethod>(target: object, name: string | symbol, descriptor: TypedPropertyDescriptor<F>): void;
  <F extends LoggedMethod>(method: F, context: ClassMethodDecoratorContext): void;
}

/** An object that messages are handled by: it says itself what is kept of it, or its @Checkpointed() methods or `state` do. */
export type LoggedLogOptions = Omit<MessageLogOptions, 'handle' | 'state'> & { readonly state?: Recoverable };

// One for the life of the process, also when two copies of this package are loaded: they must see the same marks.
const KEY = Symbol.for('redress.logged/1');
const holder = globalThis as unknown as Record<symbol, WeakMap<object, Map<string, string>> | undefined>;
/** By prototype: method by type of message. */
const marks = (holder[KEY] ??= new WeakMap());

/**
 * Makes a method the handler of one type of messages of a log, see `openLog`. What it takes from outside it takes from its context.
 * @throws ConfigurationError when it does not stand at a method that has a name, or two methods handle one type.
 */
export function Logged(options: LoggedOptions = {}): LoggedMark {
  return ((target: object, place: string | symbol | ClassMethodDecoratorContext): void => {
    if (typeof place !== 'object') return note(target, place, options);
    const { name, kind, addInitializer } = place;
    if (kind !== 'method' || place.static || place.private) throw misplaced(String(name));
    // The class is not there yet: its first object leads to it.
    addInitializer(function (this: unknown) {
      const home = [...prototypes(this as object)].find((one) => Object.hasOwn(one, name));
      if (home) note(home, name, options);
    });
  }) as LoggedMark;
}

function note(prototype: object, name: string | symbol, { type }: LoggedOptions): void {
  if (typeof name !== 'string' || typeof prototype !== 'object') throw misplaced(String(name));
  const of = type ?? name;
  const there = marks.get(prototype) ?? new Map<string, string>();
  const other = there.get(of);
  if (other !== undefined && other !== name) {
    const cause = `"${other}" and "${name}" handle the type "${of}".`;
    throw new ConfigurationError([{ subject: `@Logged() ${name}`, cause, remedy: 'Give each its own type.' }]);
  }
  marks.set(prototype, there.set(of, name));
}

function misplaced(name: string): ConfigurationError {
  const cause = 'It does not stand at a method of an object with a plain name.';
  return new ConfigurationError([
    { subject: `@Logged() ${name}`, cause, remedy: 'Put it at a method that is not static, not #private and named by a text.' },
  ]);
}

/**
 * Opens the message log of an object whose methods are marked with `@Logged`: a message of the type `deposit` is handled by
 * `deposit(body, context, message)`. Without `state` the object itself has an `id`, `capture()` and `restore()`; one with
 * @Checkpointed() methods needs the `id` alone.
 * @throws ConfigurationError when nothing is marked, nothing says what is kept, or a store keeps its checkpoints as well; and what `openMessageLog` throws.
 */
export async function openLog(instance: object, options: LoggedLogOptions): Promise<MessageLog> {
  const { state, ...rest } = options;
  const handle = handlerOf(instance);
  if (storeOf(instance)) {
    const cause = 'A store keeps its checkpoints: it would be restored from there, and all messages of the log handled on top of that.';
    const remedy = 'Leave id and store out of its @Checkpointed: the log keeps the state.';
    throw new ConfigurationError([{ subject: instance.constructor.name, cause, remedy }]);
  }
  return openMessageLog({ ...rest, state: state ?? stateOf(instance), handle });
}

function stateOf(instance: object): Recoverable {
  const own = instance as Partial<Recoverable>;
  if (typeof own.capture === 'function' || typeof own.id !== 'string' || !isMarked(instance)) return instance as Recoverable;
  return { ...checkpoints.of(instance).recoverable(), id: own.id };
}

function handlerOf(instance: object): LogHandler {
  const names = new Map<string, string>();
  for (const prototype of prototypes(instance)) {
    for (const [type, name] of marks.get(prototype) ?? []) if (!names.has(type)) names.set(type, name);
  }
  const subject = instance.constructor.name;
  if (names.size === 0) {
    throw new ConfigurationError([
      { subject, cause: 'None of its methods is marked.', remedy: 'Put @Logged() at the methods that handle messages.' },
    ]);
  }
  return (message, context) => {
    const name = names.get(message.type);
    if (name === undefined) {
      const cause = `a message is of the type "${message.type}", which none of its methods handles.`;
      throw new ConfigurationError([{ subject, cause, remedy: `There are: ${[...names.keys()].join(', ')}.` }]);
    }
    return (instance as Record<string, LoggedMethod>)[name]?.(message.body as never, context, message);
  };
}
