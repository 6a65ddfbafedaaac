import type { UndoOf } from '@redress/core';

/** Shown by the compiler in place of what a decorator accepts, when it does not fit the method under it. */
export interface Misfit<Sentence extends string> {
  readonly redress: Sentence;
}

/** The type of a descriptor that is not there. */
export interface NoDescriptor {
  readonly none: true;
}

/**
 * A decorator for methods, in both modes. Legacy: prototype, name, descriptor; standard: function, context.
 * One signature, so that a misfit is one sentence and not a list of overloads.
 */
export interface MethodMark {
  <T, C, D = NoDescriptor>(target: T, context: C & First<[Place<T, C>, IsAsync<MethodOf<T, C, D>>]>, descriptor?: D): void;
}

/** The second argument of a legacy decorator at a class, which has none. */
export interface NoContext {
  readonly none: true;
}

/** A decorator for methods and for classes, of which it then concerns each method that returns a promise. */
export interface PolicyDecorator {
  <T, C = NoContext, D = NoDescriptor>(
    target: T & (IsClassPlace<C> extends true ? HasAsync<T> : unknown),
    context?: C & (IsClassPlace<C> extends true ? unknown : First<[Place<T, C>, IsAsync<MethodOf<T, C, D>>]>),
    descriptor?: D,
  ): void;
}

/** `A`: what `id` takes; `G`: what `tags` takes. */
export interface SagaMethodMark<A extends readonly unknown[], O, G extends readonly unknown[] = A> {
  <T, C, D = NoDescriptor>(
    target: T,
    context: C &
      First<
        [
          Place<T, C>,
          IsAsync<MethodOf<T, C, D>>,
          Takes<MethodOf<T, C, D>, A, 'id must accept the parameters of the method.'>,
          Takes<MethodOf<T, C, D>, G, 'tags must accept the parameters of the method.'>,
          TakesInput<MethodOf<T, C, D>, O>,
        ]
      >,
    descriptor?: D,
  ): void;
}

/** `H`: the handler; `A`: its alternate. */
export interface CompensatedMethodMark<S, H, A = H> {
  <T, C, D = NoDescriptor>(
    target: T,
    context: C &
      First<[Place<T, C>, IsAsync<MethodOf<T, C, D>>, IsSelf<SelfOf<T, C>, S>, Undoes<MethodOf<T, C, D>, H>, Undoes<MethodOf<T, C, D>, A>]>,
    descriptor?: D,
  ): void;
}

/** The first check that found a misfit: several at once would cancel each other out. */
export type First<Checks> = Checks extends readonly [infer Check, ...infer Rest] ? (unknown extends Check ? First<Rest> : Check) : unknown;

type IsAny<T> = 0 extends 1 & T ? true : false;

interface StandardContext<This> {
  readonly kind: string;
  readonly access: { has(object: This): boolean };
}

export type SelfOf<T, C> = C extends StandardContext<infer This> ? This : T;

export type MethodOf<T, C, D> = C extends { readonly kind: string } ? T : D extends { value?: infer F } ? Exclude<F, undefined> : never;

export type Place<T, C> = C extends { readonly kind: string }
  ? C extends { readonly kind: 'method'; readonly static: false; readonly private: false; readonly name: string }
    ? unknown
    : Misfit<'It stands at a method that has a name: no field, no getter, no static, #private or symbol-named method.'>
  : C extends symbol
    ? Misfit<'It stands at a method with a name, not a symbol.'>
    : T extends abstract new (...args: never) => unknown
      ? Misfit<'It stands at a method of instances, not a static one.'>
      : unknown;

type IsClassPlace<C> = C extends NoContext ? true : C extends { readonly kind: 'class' } ? true : false;

type HasAsync<T> = T extends abstract new (...args: never) => infer I
  ? { [K in keyof I]: I[K] extends (...args: never) => PromiseLike<unknown> ? K : never }[keyof I] extends never
    ? Misfit<'It stands at a class of which no public method returns a promise.'>
    : unknown
  : Misfit<'It stands at a class or a method.'>;

export type IsAsync<F> = [F] extends [never]
  ? Misfit<'It stands at a method.'>
  : F extends (...args: never) => infer R
    ? IsAny<R> extends true
      ? Misfit<'The method must return a promise; it returns any. Annotate its return type.'>
      : [R] extends [PromiseLike<unknown>]
        ? Promise<Awaited<R>> extends R
          ? unknown
          : Misfit<'The method must return a plain promise: make it async.'>
        : Misfit<'The method must return a promise: make it async.'>
    : Misfit<'It stands at a method.'>;

type Takes<F, A extends readonly unknown[], Sentence extends string> = F extends (...args: infer M) => unknown
  ? ((...args: A) => string) extends (...args: M) => string
    ? unknown
    : Misfit<Sentence>
  : unknown;

type TakesInput<F, O> = F extends (...args: infer M) => unknown
  ? unknown extends O
    ? unknown
    : [O] extends [M[0]]
      ? unknown
      : { readonly redress: 'input must give what the first parameter of the method takes.'; readonly gives: O; readonly takes: M[0] }
  : unknown;

export type IsSelf<This, S> =
  IsAny<S> extends true
    ? Misfit<'Write the class in the reference: (self: TheClass) => self.handler.'>
    : This extends S
      ? unknown
      : Misfit<'The reference is to a method of another class.'>;

type Undoes<F, H> = F extends (...args: infer A) => infer R
  ? IsAny<H> extends true
    ? Misfit<'The compensation is any. Give it a type.'>
    : H extends (...args: infer P) => unknown
      ? P extends readonly []
        ? Misfit<'The compensation must take one parameter, the undo.'>
        : IsAny<P[0]> extends true
          ? Misfit<'The parameter of the compensation is any. Write Undo<TheClass, "theMethod">.'>
          : H extends (undo: UndoOf<A, Awaited<R>>) => unknown
            ? unknown
            : {
                readonly redress: 'The compensation must accept the Undo of this method, also with outcome "unknown".';
                readonly expected: (undo: UndoOf<A, Awaited<R>>) => unknown;
              }
      : Misfit<'The compensation must be a method.'>
  : unknown;
