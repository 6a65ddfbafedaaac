import type { SagaDefinition } from '@redress/core';
import type { Class, Container } from '@redress/decorators';
import type { RecoveryOptions } from '../recovery/options.js';
import type { SagaView } from '../recovery/saga-view.js';

/** What is tried: a saga, what it is given, and the world that it changes. */
export interface SubjectOptions<W> extends Omit<RecoveryOptions, 'container' | 'instances'> {
  /** Where the objects are found; or a function that makes it for a world. */
  readonly container?: Container | ((world: W) => Container);
  /** The objects; or a function that makes them for a world. */
  readonly instances?: readonly object[] | ((world: W) => readonly object[]);
  /** A fresh world for each trial: made anew, or reset. All in memory. */
  readonly world: () => W | Promise<W>;
  /** What must be true of the world when a run has ended, however it ended. It throws, or answers false. */
  readonly invariant?: (world: W, run: SagaView) => unknown;
  /** One trial alone, by its name. Default: `REDRESS_ONLY`, else all. */
  readonly only?: string;
}

/** Everything that can be a saga's method, and what it is given. */
export type SagaMethodOf<T> = { [K in keyof T]: T[K] extends (...args: never) => PromiseLike<unknown> ? K : never }[keyof T] & string;
export type ArgsOf<T, K extends keyof T> = T[K] extends (...args: infer A extends readonly unknown[]) => unknown ? A : never;

type Given<X> = X | ((n: number) => X);

/** The saga's input, or a function that makes it fresh: `n` is 0 for the run that is tried and 1 for another one beside it. */
export type InputOf<A extends readonly unknown[]> =
  | { readonly input: Given<A[0]>; readonly args?: never }
  /** All arguments, of a saga that takes none or several. */
  | { readonly args: Given<A>; readonly input?: never };

export type OfClass<T extends object, K extends SagaMethodOf<T>> = { readonly saga: readonly [type: Class<T>, method: K] } & InputOf<
  ArgsOf<T, K>
>;
export type OfDefinition<A extends readonly unknown[]> = { readonly saga: SagaDefinition<A, unknown> } & InputOf<A>;

/** The same without the types that only the caller knows. */
export interface Subject<W = unknown> extends SubjectOptions<W> {
  readonly saga: readonly [type: Class, method: string] | SagaDefinition;
  readonly input?: unknown;
  readonly args?: unknown;
  /** What counts of the world, to be compared. */
  readonly snapshot?: (world: W) => unknown;
}

/** The n-th run's arguments, made anew where the subject can make them. */
export function argsOf({ input, args }: Subject, n: number): readonly unknown[] {
  const made = (given: unknown): unknown => (typeof given === 'function' ? (given as (n: number) => unknown)(n) : given);
  return args === undefined ? [made(input)] : (made(args) as readonly unknown[]);
}

export function titleOf({ saga }: Subject): string {
  return 'name' in saga ? saga.name : `${saga[0].name}.${saga[1]}`;
}
