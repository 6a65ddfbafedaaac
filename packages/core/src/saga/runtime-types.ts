import type { Codec } from '../base/codec.js';
import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import type { Store } from '../base/store.js';
import type { Admin } from './admin-types.js';
import type { Operation, RunContext, SagaDefinition } from './definition.js';
import type { Retention } from './retention.js';

export interface RuntimeOptions {
  readonly store: Store;
  readonly sagas?: readonly SagaDefinition<never, unknown>[];
  /** Every step that a body calls: an undo must find it in a process that never ran the body. */
  readonly steps?: readonly Operation[];
  readonly environment?: Partial<Environment>;
  /** Codecs that only read what they wrote in the past. */
  readonly oldCodecs?: readonly Codec[];
  /** How long a run belongs to a process that stopped answering. Default: 10 s. */
  readonly lease?: Duration;
  /** Pause between two looks for due runs, where the store tells no news of them; the least one where it does. Default: 500 ms. */
  readonly poll?: Duration;
  /** How long an outcome may wait for the next intent to travel with. Default: 20 ms. */
  readonly flush?: Duration;
  /** How long running steps are waited for before a run is undone. Default: 5 s. */
  readonly grace?: Duration;
  /** How long running steps are waited for when the runtime stops. Default: 10 s. */
  readonly drain?: Duration;
  /**
   * How long completed and compensated runs are kept after their end; then a worker forgets them, with their children. Default:
   * until they are purged.
   */
  readonly retention?: Retention;
  /** Claims without progress after which a run goes backward, or is stuck. Default: 10. */
  readonly maxRecoveries?: number;
  /** Recovered runs at a time. Default: 128. */
  readonly maxConcurrentRuns?: number;
  /** Around every execution of a step, with all its policies, and of every attempt of an undo; outermost first. */
  readonly interceptors?: readonly Interceptor[];
  /** For tests: a run is left and called anew after each outcome, so that everything is a replay. Default: false. */
  readonly alwaysReplay?: boolean;
  /** False: this process starts runs but recovers none. Default: true. */
  readonly worker?: boolean;
}

export interface StartOptions {
  readonly id?: string;
  /** After this long the run goes backward, unless its pivot has passed. Default: the saga's. */
  readonly deadline?: Duration;
  /** The body of this first pass, when an object is at hand; recovery uses the definition's. */
  readonly body?: (run: RunContext, args: readonly unknown[]) => Promise<unknown>;
}

export interface WaitOptions {
  /** Stop waiting after this long, with `SagaStillRunningError`. Default: never. */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

export interface RunHandle<R = unknown> {
  readonly saga: string;
  readonly id: string;
  /**
   * Waits for the run's end, wherever it runs.
   * @throws SagaCompensatedError, SagaStuckError, SagaStillRunningError
   */
  outcome(options?: WaitOptions): Promise<R>;
}

export interface Runtime extends AsyncDisposable {
  readonly environment: Environment;
  readonly store: Store;

  /** Adds definitions. @throws ConfigurationError with all problems: duplicate names, unfit names, a store that is too weak. */
  register(parts: { readonly sagas?: readonly SagaDefinition<never, unknown>[]; readonly steps?: readonly Operation[] }): void;

  /**
   * Starts a run and answers when it is durable. The same id and input again: the same run.
   * @throws SagaIdConflictError when the id is taken by another input; ConfigurationError when the saga is not registered.
   */
  start<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions): Promise<RunHandle<R>>;

  /** Starts a run and waits for its end. */
  run<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions & WaitOptions): Promise<R>;

  /** A handle of a run that somebody started. Nothing is looked up yet. */
  handle<R>(saga: SagaDefinition<never, R> | string, id: string): RunHandle<R>;

  /**
   * Sends a signal to a run: it is kept until a `receive` of this name is given it. The same `key` again is the same signal.
   * Default key: a random one.
   * @throws SagaNotFoundError, SagaVerbError when the run has ended.
   */
  signal(
    saga: SagaDefinition<never, unknown> | string,
    id: string,
    name: string,
    value?: unknown,
    options?: { readonly key?: string },
  ): Promise<void>;

  /** For operators. */
  readonly admin: Admin;

  /** Starts the search for due runs, after everything is registered. Called by itself unless `worker` is false. */
  startWorker(): void;

  /**
   * No new claims; running steps get `drain`, then unfinished runs are handed back so that others go on at once.
   * The store is not closed.
   */
  stop(options?: { readonly drain?: Duration }): Promise<void>;
}

/**
 * The running body's side, found through the scope: what a decorated step calls.
 * `invoke` runs one call of the step with all its policies.
 */
export interface PassScope {
  /** Another saga as a step of this one; `body`: on the object at hand. */
  child(saga: SagaDefinition, args: readonly unknown[], body?: StartOptions['body']): Promise<unknown>;
  readonly runtime: Runtime;
  /** False once the run has ended here, or was left: what still runs in its scope belongs to no run. */
  readonly isOpen: boolean;
  readonly context: RunContext;
  step(
    operation: Operation,
    args: readonly unknown[],
    invoke: (args: readonly unknown[], call: Call) => Promise<unknown>,
  ): Promise<unknown>;
}
