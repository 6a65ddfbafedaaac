import { ConfigurationError, copiesOf, currentScope, redundancy, redundant } from '@redress/core';
import type { Interceptor, PassScope, Redundant as Asked, RedundantOptions, Replica } from '@redress/core';
import { unusable } from './binding.js';
import type { Container, Token } from './container.js';
import { bindingOfRuntime, findBinding } from './find.js';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';
import type { Body, Class, Method, VoteOf } from './registry.js';

/** Who is asked, and how an answer is found among theirs. */
export interface RedundantMarkOptions<S = never, R = never> extends RedundantOptions<R> {
  /**
   * A number: the method itself, so often. Tokens: what the container holds under each, by its method of the same name. A function: the
   * same of the objects that it answers, or replicas such as worker threads; it is asked at the first call on an object. Default: 3.
   */
  readonly replicas?: number | readonly Token[] | ((self: S) => readonly (object | Replica<never, unknown>)[]);
}

/**
 * Asks several replicas each time, and answers what they vote for; a number stands for `replicas`. Within `@Retry`, which repeats the whole
 * vote. Works at any method that returns a promise; tokens need a runtime with a container.
 * @throws ConfigurationError at definition, when an option does not fit. The calls throw NoConsensusError.
 */
export function Redundant<S = never, R = never>(given: RedundantMarkOptions<S, R> | number = {}): MethodMark {
  const shown = written('Redundant', given);
  const { replicas = 3, ...options } = typeof given === 'number' ? { replicas: given } : given;
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('redundant', shown, place, (subject) => {
      const checked = { ...options, name: `${subject}, @Redundant` } as RedundantOptions & { readonly name: string };
      if (typeof replicas === 'number') {
        const interceptor = redundancy(replicas, checked);
        return { shown, around: () => () => interceptor };
      }
      // How many a function answers is not known yet.
      if (typeof replicas === 'function')
        return { shown, around: (method) => perObject((self) => redundant(objectsOf(method, self, replicas), checked)) };
      redundant(
        copiesOf(replicas.length, () => undefined),
        checked,
      );
      return {
        shown,
        around: (method) => perContainer((type, container) => redundant(tokensOf(method, type, container, replicas), checked)),
      };
    })) as MethodMark;
}

type Desk = Asked<readonly unknown[], unknown>;

/** What a function answers belongs to the object that it is asked for. */
function perObject(make: (instance: object) => Desk): VoteOf {
  const made = new WeakMap<object, Desk>();
  const desk = (instance: object): Desk => {
    const known = made.get(instance) ?? make(instance);
    made.set(instance, known);
    return known;
  };
  return Object.assign((instance: object) => desk(instance).interceptor, { desk });
}

const nowhere = {};

/** What stands under tokens is the container's: all objects of a class ask the same, and know the same of them. */
function perContainer(make: (type: Class, container: Container | undefined) => Desk): VoteOf {
  const made = new WeakMap<object, WeakMap<Class, Desk>>();
  const desk = (instance: object): Desk => {
    const container = containerOf(instance);
    const type = instance.constructor as Class;
    const ofContainer = made.get(container ?? nowhere) ?? new WeakMap<Class, Desk>();
    made.set(container ?? nowhere, ofContainer);
    const known = ofContainer.get(type) ?? make(type, container);
    ofContainer.set(type, known);
    return known;
  };
  // Within a run its runtime says which container it is: that is known when the call is made.
  return Object.assign(
    (instance: object): Interceptor =>
      (call, next) =>
        desk(instance).interceptor(call, next),
    { desk },
  );
}

function containerOf(instance: object): Container | undefined {
  const pass = currentScope()?.pass as PassScope | undefined;
  return ((pass && bindingOfRuntime(pass.runtime)) ?? findBinding(instance))?.container;
}

function objectsOf(method: Method, self: object, replicas: (self: never) => readonly object[]): readonly Replica[] {
  const names = new Map<string, number>();
  return replicas(self as never).map((object) => {
    if ('answer' in object && 'name' in object) return object as Replica;
    return { name: counted(names, object === self ? 'self' : object.constructor.name), answer: (args) => ask(method, object, args) };
  });
}

function tokensOf(method: Method, type: Class, container: Container | undefined, tokens: readonly Token[]): readonly Replica[] {
  const names = new Map<string, number>();
  return tokens.map((token) => ({
    name: counted(names, nameOf(token)),
    answer: (args) => ask(method, resolve(`${type.name}.${method.key}`, container, token), args),
  }));
}

/** Each time anew: the container says whether that is the same object. */
function resolve(subject: string, container: Container | undefined, token: Token): object {
  if (!container) {
    const remedy = 'Call redress({ container, store }) before, or give @Redundant the objects: replicas: (self) => [self.one, self.other].';
    throw unusable('CONFIG_NO_INSTANCE', subject, `There is no container to find the replica ${nameOf(token)} in.`, remedy);
  }
  return container.resolve(token as never) as object;
}

/** The object's method of the same name. One that has the same mark is asked for its own body: it would ask all of them again. */
function ask(method: Method, object: object, args: readonly unknown[]): unknown {
  const found = (object as Readonly<Record<string, unknown>>)[method.key];
  if (typeof found !== 'function') {
    const remedy = 'Give the replica a method of this name.';
    throw new ConfigurationError([{ subject: `${object.constructor.name}.${method.key}`, cause: 'There is no such method.', remedy }]);
  }
  return (found === method.redirect ? method.raw : (found as Body)).apply(object, [...args]);
}

function nameOf(token: Token): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'object' ? 'token' : String(token);
}

function counted(names: Map<string, number>, name: string): string {
  const count = (names.get(name) ?? 0) + 1;
  names.set(name, count);
  return count === 1 ? name : `${name} ${count}`;
}
