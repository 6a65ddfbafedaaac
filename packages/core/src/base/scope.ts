import { AsyncLocalStorage } from 'node:async_hooks';

/** What a step's body may know about itself: see `step()`. */
export interface StepScope {
  /** The operation's stable name, such as `Payments.charge`. */
  readonly operation: string;
  /** Business key for the outside: constant over retries and crashes; an undo has another one. */
  readonly key: string;
  /** Aborted when this process must not go on: the lease is not safe, the run goes backward, the process stops. */
  readonly signal: AbortSignal;
  /** The attempt that is running, from 1. Counted anew after a crash. */
  readonly attempt: number;
  /** What this call has noted, earlier attempts of it included, also those before a crash. */
  readonly notes: readonly unknown[];
  /**
   * Keeps a piece of evidence: durable when fulfilled, for the next attempt and the undo to see, whatever becomes of this
   * one. Outside of sagas it lasts as long as the call. Not for undos.
   * @throws CodecError when the value cannot be kept; StepFencedError when the run is being undone already.
   */
  note(value: unknown): Promise<void>;
  /** The run's saga and id; undefined outside a saga. */
  readonly saga?: string;
  readonly id?: string;
}

/** Where the current call runs: in the body of a saga, in a step, or both undefined. */
export interface Scope {
  /** The pass whose body is running here; its type belongs to the saga family. */
  readonly pass?: object;
  readonly step?: StepScope;
  /** The object and redirect whose method is running, so that `super.method()` is seen as a part of it. */
  readonly self?: { readonly instance: object; readonly method: string };
  /** The moment, on this clock's `monotonic`, by which the caller must have an answer. */
  readonly deadline?: { readonly at: number; readonly clock: object };
  /** A call further out is being repeated: what runs inside of it leaves the repeating to that one. */
  readonly repeats?: true;
  /** The checkpointed call that is running; its type belongs to the rollback family. */
  readonly turn?: object;
  /** What the handler of a message has sent so far; its type belongs to the rollback family. */
  readonly outgoing?: object;
  /** The work of an independent process that is running; its type belongs to the rollback family. */
  readonly work?: object;
}

// One for the life of the process, also when two copies of this package are loaded: they must see the same runs.
const KEY = Symbol.for('redress.scope');
const shared = globalThis as unknown as Record<symbol, AsyncLocalStorage<Scope> | undefined>;
const storage = (shared[KEY] ??= new AsyncLocalStorage<Scope>());

export function currentScope(): Scope | undefined {
  return storage.getStore();
}

export function runInScope<T>(scope: Scope, fn: () => T): T {
  return storage.run(scope, fn);
}
