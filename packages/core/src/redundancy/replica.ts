import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { runInScope } from '../base/scope.js';
import type { Scope, StepScope } from '../base/scope.js';

/** What a replica is told beside the arguments. */
export interface ReplicaCall {
  /** Aborted when the vote is decided without this replica, when its time is over, and when the caller gives up. */
  readonly signal: AbortSignal;
}

/** One of several that can answer the same call: an object, a thread, a process, another machine. */
export interface Replica<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  /** For events, errors and `release`; unique among its fellows. */
  readonly name: string;
  /** Throws when it could not be given these arguments. All replicas of a vote are asked for it before any of them runs. */
  check?(args: A): void;
  // Not "call", which every function has.
  answer(args: A, call: ReplicaCall): R | Promise<R>;
}

/** A function that answers, or a replica with a name of its own. */
export type ReplicaSource<A extends readonly unknown[], R> = ((...args: A) => R | Promise<R>) | Replica<A, R>;

/** One replica of each object, which calls its method of this name. */
export function replicasOf<K extends PropertyKey, A extends readonly unknown[], R>(
  objects: readonly Readonly<Record<K, (...args: A) => R | Promise<R>>>[],
  method: K,
): readonly Replica<A, R>[] {
  return objects.map((object, i) => ({
    name: `${(object as object).constructor?.name ?? 'object'} ${i + 1}`,
    answer: (args) => object[method](...args),
  }));
}

/** The same function several times: masks failures and flips of its environment, and none of its own mistakes. */
export function copiesOf<A extends readonly unknown[], R>(count: number, answer: (...args: A) => R | Promise<R>): readonly Replica<A, R>[] {
  return Array.from({ length: count }, (_, i) => ({ name: `copy ${i + 1}`, answer: (args) => answer(...args) }));
}

/** Sources as replicas with names: a function's own name where it has one that no other has. */
export function namedReplicas<A extends readonly unknown[], R>(sources: readonly ReplicaSource<A, R>[]): readonly Replica<A, R>[] {
  const names = sources.map(({ name }) => name);
  return sources.map((source, i) => {
    if (typeof source !== 'function') return source;
    const known = source.name !== '' && names.indexOf(source.name) === names.lastIndexOf(source.name);
    return { name: known ? source.name : `replica ${i + 1}`, answer: (args) => source(...args) };
  });
}

/** The step around, as the call that it is: what it is told and what ends it. Outside of sagas it knows less. */
export function stepCall(scope: Scope | undefined): (StepScope & Partial<Call>) | undefined {
  return scope?.step;
}

/** One replica's share of a call, seen by it as a step: with the key that all of them share, and a signal of its own. */
export class Copy implements StepScope, ReplicaCall {
  readonly saga?: string;
  readonly id?: string;
  private controller: AbortController | undefined;
  private aborted: (() => unknown) | undefined;

  constructor(
    readonly operation: string,
    readonly attempt: number,
    private readonly outer: Scope | undefined,
    private readonly sharedKey: () => string,
  ) {
    const { saga, id } = outer?.step ?? {};
    if (saga !== undefined) this.saga = saga;
    if (id !== undefined) this.id = id;
  }

  get key(): string {
    return this.outer?.step?.key ?? this.sharedKey();
  }

  get notes(): readonly unknown[] {
    return this.outer?.step?.notes ?? [];
  }

  note(value: unknown): Promise<void> {
    return this.outer?.step?.note(value) ?? Promise.resolve();
  }

  get environment(): Environment | undefined {
    return stepCall(this.outer)?.environment;
  }

  onAttemptFailed(error: unknown): void {
    stepCall(this.outer)?.onAttemptFailed?.(error);
  }

  mayGoOn(): boolean {
    return stepCall(this.outer)?.mayGoOn?.() !== false;
  }

  // Made when somebody asks for it: a signal costs more than the vote.
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted());
    }
    return this.controller.signal;
  }

  /** The reason is made when somebody looks: an error costs ten times as much as the rest of a vote. */
  abort(reason: () => unknown): void {
    this.aborted ??= reason;
    this.controller?.abort(this.aborted());
  }

  /** Asks the replica; whatever it does comes out as a promise. */
  ask(answer: (copy: Copy) => unknown): Promise<unknown> {
    // Not async: such a function would wait for the replica's promise by two more of its own.
    try {
      return Promise.resolve(runInScope({ ...this.outer, step: this }, () => answer(this)));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }
}
