import { checkpointed, checkpointsOf, ConfigurationError, currentScope } from '@redress/core';
import type { Attempt, Chain, Checkpoints, CheckpointOptions, PassScope, RestoreInfo, Running, Store } from '@redress/core';
import { classMark, markedName, restoredOf, transientsOf } from './checkpointed-marks.js';
import type { CheckpointedOptions } from './checkpointed-marks.js';
import { findBinding } from './find.js';
import { frameOf } from './frame.js';
import type { Frame } from './frame.js';
import { methodsOf } from './registry.js';
import type { Class, Method } from './registry.js';

/** What there is to do with checkpointed objects beside calling them. */
export const checkpoints = {
  /**
   * The checkpoints of an object; makes it checkpointed at the first time, with what the marks of its class say. The first call of a marked
   * method does it as well.
   * @throws ConfigurationError when the marks, the object and the store of its runtime do not fit together.
   */
  of(object: object): Checkpoints {
    if (early.has(object) && storeOf(object)) {
      const cause = 'It was called before the runtime was there that is to keep its checkpoints, and none of them would be kept.';
      throw new ConfigurationError([{ subject: markedName(object), cause, remedy: 'Open the runtime before the first call.' }]);
    }
    return checkpointsOf(object) ?? checkpointed(object, optionsFor(object));
  },
};

/** They have an id to be kept under, and no store was there when they were first called. */
const early = new WeakSet();

const runtimeOf = (object: object): PassScope['runtime'] | undefined =>
  (currentScope()?.pass as PassScope | undefined)?.runtime ?? findBinding(object)?.runtime;

const markOf = (object: object): CheckpointedOptions | undefined => classMark(Object.getPrototypeOf(object) as object);

/** Where the checkpoints of an object are kept, or would be. */
export function storeOf(object: object): Store | undefined {
  const { id, store } = markOf(object) ?? {};
  return store ?? (id ? runtimeOf(object)?.store : undefined);
}

/** Whether marks of its class, or of a method of it, make it a checkpointed object. */
export function isMarked(object: object): boolean {
  if (markOf(object)) return true;
  return [...methodsOf(object.constructor as Class).values()].some(({ marks }) => marks.checkpointed.length > 0);
}

function optionsFor(object: object): CheckpointOptions {
  const { id, privateFields: _, ...mark } = markOf(object) ?? {};
  const runtime = runtimeOf(object);
  const methods = restoredOf(object);
  const store = storeOf(object);
  if (id && !store) early.add(object);
  return {
    name: markedName(object),
    ...mark,
    transient: transientsOf(object),
    ...(id && { id: id(object as never) }),
    ...(store && { store }),
    ...(runtime && { environment: runtime.environment }),
    ...(methods.length > 0 && { afterRestore: (info: RestoreInfo) => callAll(object, methods, info) }),
  };
}

async function callAll(object: object, methods: readonly string[], info: RestoreInfo): Promise<void> {
  for (const method of methods) await (object as Record<string, (info: RestoreInfo) => unknown>)[method]?.(info);
}

/** Puts the scope of a checkpointed call around a chain; `repeats`: each attempt of the chain begins with the state of its beginning. */
export function scoped(method: Method, inner: Chain, repeats: boolean): Chain {
  const [mark] = method.marks.checkpointed;
  if (!mark) return inner;
  return async (call, body) => {
    const { instance } = frameOf(currentScope()) as Frame;
    const handle = checkpoints.of(instance);
    const attempted = (attempt: Attempt) => (running: Running) => (repeats ? attempt(() => body(running)) : body(running));
    const value = await handle.run(call.operation, (attempt) => inner(call, attempted(attempt)));
    if (mark.after) await handle.save();
    return value;
  };
}

/** A call that only reads. Without a promise it cannot wait until the object is restored, and says so. */
export function readOnly(method: Method, instance: object, read: () => unknown): unknown {
  const handle = checkpoints.of(instance);
  const operation = `${instance.constructor.name}.${method.key}`;
  if (method.raw.constructor.name !== 'AsyncFunction') return handle.read(operation, read);
  return handle.start().then(() => handle.read(operation, read));
}

export const isReadOnly = ({ marks }: Method): boolean => marks.readOnly.length > 0;
