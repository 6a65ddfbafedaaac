import type { EventBus, RunHandle, Runtime, SagaDefinition, StartOptions, WaitOptions } from '@redress/core';
import type { Binding } from './binding.js';
import { alias, end } from './find.js';
import type { Class } from './registry.js';
import { endSurroundings } from './surroundings.js';

type AsyncKeys<T> = { [K in keyof T]: T[K] extends (...args: never) => PromiseLike<unknown> ? K : never }[keyof T] & string;
type ArgsOf<T, K extends keyof T> = T[K] extends (...args: infer A) => unknown ? A : never;
type ResultOf<T, K extends keyof T> = T[K] extends (...args: never) => infer R ? Awaited<R> : never;

/** A runtime that knows classes: sagas are also addressed by class and method. */
export interface App extends Runtime {
  /** The runtime under it, as `createRuntime` made it. */
  readonly runtime: Runtime;
  readonly events: EventBus;

  /**
   * Starts a run of `method` on the object that the container finds, and answers when it is durable.
   * @throws ConfigurationError `CONFIG_UNKNOWN_CLASS` when it is no saga of this runtime.
   */
  start<T extends object, K extends AsyncKeys<T>>(type: Class<T>, method: K, ...args: ArgsOf<T, K>): Promise<RunHandle<ResultOf<T, K>>>;
  start<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions): Promise<RunHandle<R>>;

  /** A handle of a run that somebody started. Nothing is looked up yet. */
  handle<T extends object, K extends AsyncKeys<T>>(type: Class<T>, method: K, id: string): RunHandle<ResultOf<T, K>>;
  handle<R>(saga: SagaDefinition<never, R> | string, id: string): RunHandle<R>;

  /**
   * Sends a signal to a run of a class's saga.
   * @throws SagaNotFoundError, SagaVerbError when the run has ended.
   */
  signal<T extends object, K extends AsyncKeys<T>>(
    type: Class<T>,
    method: K,
    id: string,
    name: string,
    value?: unknown,
    options?: { readonly key?: string },
  ): Promise<void>;
  signal(
    saga: SagaDefinition<never, unknown> | string,
    id: string,
    name: string,
    value?: unknown,
    options?: { readonly key?: string },
  ): Promise<void>;

  /** The definition of a method, for `start` and `run` with options such as an id. */
  saga<T extends object, K extends AsyncKeys<T>>(type: Class<T>, method: K): SagaDefinition<ArgsOf<T, K>, ResultOf<T, K>>;
}

type AnySaga = SagaDefinition<readonly unknown[], unknown>;

export function createApp(runtime: Runtime, binding: Binding): App {
  const stop: Runtime['stop'] = async (options) => {
    end(binding);
    await Promise.all([endSurroundings(runtime.environment), runtime.stop(options)]);
  };
  const app = {
    runtime,
    environment: runtime.environment,
    store: runtime.store,
    events: runtime.environment.events,
    register: (parts: Parameters<Runtime['register']>[0]) => runtime.register(parts),
    start(target: Class | AnySaga, second: unknown, ...rest: unknown[]): Promise<RunHandle> {
      if (typeof target === 'function') return runtime.start(binding.sagaOf(target, second as string), rest);
      return runtime.start(target, second as readonly unknown[], rest[0] as StartOptions | undefined);
    },
    run: (saga: AnySaga, args: readonly unknown[], options?: StartOptions & WaitOptions) => runtime.run(saga, args, options),
    handle(target: Class | AnySaga | string, second: string, id?: string): RunHandle {
      return typeof target === 'function' ? runtime.handle(binding.sagaOf(target, second), id as string) : runtime.handle(target, second);
    },
    admin: runtime.admin,
    signal(target: Class | AnySaga | string, ...rest: unknown[]): Promise<void> {
      const [saga, given] = typeof target === 'function' ? [binding.sagaOf(target, rest[0] as string), rest.slice(1)] : [target, rest];
      const [id, name, value, options] = given as [string, string, unknown, { readonly key?: string } | undefined];
      return runtime.signal(saga, id, name, value, options);
    },
    saga: (type: Class, method: string) => binding.sagaOf(type, method),
    startWorker: () => runtime.startWorker(),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  } satisfies Record<keyof App, unknown>;
  // One function for two forms: its types stand in the interface.
  const typed = app as unknown as App;
  alias(typed, binding);
  return typed;
}
