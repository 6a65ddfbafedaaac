import type { First, IsAsync, IsSelf, MethodOf, Misfit, NoDescriptor, Place, SelfOf } from './fit.js';

/** `R`: what the check looks at. */
export interface DetectMethodMark<R> {
  <T, C, D = NoDescriptor>(
    target: T,
    context: C & First<[Place<T, C>, IsAsync<MethodOf<T, C, D>>, Looks<MethodOf<T, C, D>, R>]>,
    descriptor?: D,
  ): void;
}

/** `P`: the repairing method; `H`: what follows it. */
export interface RepairedMethodMark<S, P, H> {
  <T, C, D = NoDescriptor>(
    target: T,
    context: C & First<[Place<T, C>, IsAsync<MethodOf<T, C, D>>, IsSelf<SelfOf<T, C>, S>, Mends<MethodOf<T, C, D>, P, H>]>,
    descriptor?: D,
  ): void;
}

type Looks<F, R> = F extends (...args: never) => infer P
  ? [Awaited<P>] extends [R]
    ? unknown
    : Misfit<'The check must accept what the method answers.'>
  : unknown;

// The wider of two: a repair that takes less than it is given fits.
type Takes<A extends readonly unknown[]> = (...given: [...args: A, error: never]) => unknown;

type Mends<F, P, H> = F extends (...args: infer A) => infer R
  ? P extends Takes<A>
    ? P extends (...given: never) => infer M
      ? H extends 'continue'
        ? [Awaited<M>] extends [Awaited<R>]
          ? unknown
          : Misfit<'The repair must answer what the method answers.'>
        : [Exclude<Awaited<M>, void | undefined>] extends [Readonly<A>]
          ? unknown
          : Misfit<'The repair must answer the arguments of the method as a tuple, such as Promise<[string]>, or nothing.'>
      : Misfit<'The repair must be a method.'>
    : Misfit<'The repair must take the arguments of the method, and an error after them if it likes.'>
  : unknown;
