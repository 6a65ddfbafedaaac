import { ConfigurationError, createSupervisor, RedressError, service } from '@redress/core';
import type { ChildContext, ChildSpec, RunningChild, Service, Supervisor, SupervisorOptions } from '@redress/core';
import type { Class } from './registry.js';
import { supervisedMark } from './supervised.js';

/** The part of a container that makes a place of their own for the objects of one life. tsyringe's containers fit. */
export interface ScopedContainer {
  createChildContainer(): {
    registerSingleton(type: never): unknown;
    resolve(type: never): unknown;
    dispose(): unknown;
  };
}

export interface SuperviseOptions extends Omit<SupervisorOptions, 'children'> {
  /** Classes with `@Supervised`, in the order of their start. */
  readonly classes: readonly Class[];
  /** Makes the objects, each life in a child container of its own, which is disposed of when it is over. Default: `new TheClass()`. */
  readonly container?: ScopedContainer;
}

/** A supervisor that knows classes. */
export interface ClassSupervisor extends Supervisor {
  /**
   * The object of this class that is alive and ready. Ask each time: after a restart it is another one.
   * @throws ChildUnavailableError when there is none now, before anything was done. ConfigurationError: no such class here.
   */
  of<T extends object>(type: Class<T>): T;
}

/** The child is being started, stopped, has ended or is not ready: nothing was done. May be asked again. Code `CHILD_UNAVAILABLE`. */
export class ChildUnavailableError extends RedressError {
  constructor(supervisor: string, type: Class, lives = false) {
    const why = lives ? 'it lives, and says that it is not ready' : `"${supervisor}" is starting it anew, or has stopped it`;
    super('CHILD_UNAVAILABLE', `${type.name} is not there now: ${why}.`, {
      retryable: true,
      details: { supervisor, child: type.name },
    });
  }
}

/**
 * A supervisor over marked classes, started. Each life of a child is a fresh object.
 * @throws ConfigurationError with what does not fit; what the start of a child threw.
 */
export async function supervise(options: SuperviseOptions): Promise<ClassSupervisor> {
  const { classes, container, ...rest } = options;
  const current = new Map<Class, object>();
  const children = classes.map((type): ChildSpec => {
    const mark = supervisedMark(type);
    if (!mark) throw problem(type, 'It has no @Supervised.', 'Mark the class, or leave it out.');
    return { id: type.name, ...mark, start: (context) => begin(type, context, current, container) };
  });
  const supervisor = createSupervisor({ ...rest, children });
  const of = <T extends object>(type: Class<T>): T => {
    if (!classes.includes(type)) throw problem(type, `It is no child of "${rest.name}".`, 'List it in classes.');
    const object = current.get(type);
    if (!object) throw new ChildUnavailableError(rest.name, type);
    const { id } = children[classes.indexOf(type)] as ChildSpec;
    if (!supervisor.children().some((child) => child.id === id && child.ready)) throw new ChildUnavailableError(rest.name, type, true);
    return object as T;
  };
  await supervisor.start();
  return Object.assign(supervisor, { of });
}

async function begin(
  type: Class,
  context: ChildContext,
  current: Map<Class, object>,
  container: ScopedContainer | undefined,
): Promise<RunningChild> {
  const scope = container?.createChildContainer();
  scope?.registerSingleton(type as never);
  try {
    const object = (scope ? scope.resolve(type as never) : new (type as unknown as new () => object)()) as object;
    const running = await service(() => object as Service)(context);
    // One that comes too late, and that another one has been started for, is not given to anybody.
    if (!context.signal.aborted) current.set(type, object);
    // Who is told to end, or has ended, is not given to anybody any more.
    context.signal.addEventListener('abort', () => void (current.get(type) === object && current.delete(type)), { once: true });
    const over = async (): Promise<void> => {
      try {
        await running.ended;
      } finally {
        await scope?.dispose();
      }
    };
    return { ...running, ended: over() };
  } catch (error) {
    await scope?.dispose();
    throw error;
  }
}

function problem(type: Class, cause: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ subject: type.name, cause, remedy }]);
}
