import { ConfigurationError } from '@redress/core';
import { markClass } from './class-marks.js';
import { dispatch } from './redirect.js';
import { classOf, clashOf, prototypes, settle, shared } from './registry.js';
import type { Body, Class, Marks, Method } from './registry.js';

type Kind = keyof Marks;

/** What a decorator is called with: target, name, descriptor (legacy), or function, context (standard). */
export type Place = readonly [target: unknown, context: unknown, descriptor?: unknown];

/**
 * Writes a mark down, and sees to it that one redirect stands on the prototype, however many decorators there are.
 * @throws ConfigurationError at once when the decorator stands at something else than a method of instances.
 */
export function mark<K extends Kind>(kind: K, shown: string, place: Place, read: (subject: string) => Marks[K][number]): void | Body {
  const [, context] = place;
  return typeof context === 'object' && context !== null && 'kind' in context
    ? markStandard(kind, shown, place[0], context as unknown as ClassMethodDecoratorContext, read)
    : markLegacy(kind, shown, place, read);
}

/**
 * The same for what may stand at a class too, and then protects each of its methods.
 * @throws ConfigurationError at once when the decorator stands at something else.
 */
export function markEither<K extends 'retry' | 'policies'>(
  kind: K,
  shown: string,
  place: Place,
  read: (subject: string) => Marks[K][number],
): void | Body {
  const [target] = place;
  if (!isClassPlace(place)) return mark(kind, shown, place, read);
  const type = target as Class;
  markClass(kind, type, read(type.name));
}

function isClassPlace([target, context]: Place): boolean {
  if (typeof target !== 'function') return false;
  return context === undefined || (typeof context === 'object' && (context as { kind?: unknown }).kind === 'class');
}

function markLegacy<K extends Kind>(
  kind: K,
  shown: string,
  [target, key, given]: Place,
  read: (subject: string) => Marks[K][number],
): void {
  const home = target as object;
  const descriptor = given as PropertyDescriptor | undefined;
  const owner = typeof target === 'function' ? target.name : (classOf(home)?.name ?? '');
  if (key === undefined) throw misplaced(owner, shown, 'at a class');
  const subject = `${owner}.${String(key as string | symbol)}`;
  if (typeof target === 'function') throw misplaced(subject, shown, 'at a static method');
  if (typeof key !== 'string') throw misplaced(subject, shown, 'at a method named by a symbol');
  if (!descriptor) throw misplaced(subject, shown, 'at a field');
  if (typeof descriptor.value !== 'function') throw misplaced(subject, shown, 'at a getter or setter');
  const known = shared.homes.get(home)?.get(key);
  const method = known ?? create(key, descriptor.value as Body);
  (method.marks[kind] as unknown[]).push(read(subject));
  method.isAsync = true;
  refuseClash(method, subject);
  // A decorator of somebody else between two of ours has wrapped the redirect: it stays as it is.
  if (!known) descriptor.value = method.redirect;
  settle(method, home);
}

function markStandard<K extends Kind>(
  kind: K,
  shown: string,
  value: unknown,
  context: ClassMethodDecoratorContext,
  read: (subject: string) => Marks[K][number],
): Body {
  const { name } = context;
  const subject = String(name);
  if (context.kind !== 'method') throw misplaced(subject, shown, `at a ${String(context.kind)}`);
  if (context.static) throw misplaced(subject, shown, 'at a static method');
  if (context.private) throw misplaced(subject, shown, 'at a #private method, which has no name to look up');
  if (typeof name !== 'string') throw misplaced(subject, shown, 'at a method named by a symbol');
  const known = shared.methods.get(value as object);
  const method = known ?? create(name, value as Body);
  (method.marks[kind] as unknown[]).push(read(subject));
  method.isAsync = true;
  refuseClash(method, subject);
  if (!known) {
    context.addInitializer(function (this: unknown) {
      if (!method.home) settle(method, homeIn(this as object, method));
    });
  }
  return method.redirect;
}

/** The prototype where the redirect stands; when somebody else wrapped it, the nearest one with this name that is not ours. */
function homeIn(instance: object, method: Method): object {
  const all = [...prototypes(instance)];
  const own = (prototype: object): unknown => Object.getOwnPropertyDescriptor(prototype, method.key)?.value;
  return (
    all.find((prototype) => own(prototype) === method.redirect) ??
    all.find((prototype) => typeof own(prototype) === 'function' && !shared.methods.has(own(prototype) as object)) ??
    all.find((prototype) => Object.hasOwn(prototype, method.key)) ??
    (all[0] as object)
  );
}

function create(key: string, raw: Body): Method {
  const redirect: Body = function (...args) {
    return dispatch(method, this, args);
  };
  const method: Method = {
    key,
    raw,
    redirect,
    marks: { saga: [], step: [], compensate: [], retry: [], policies: [], redundant: [], checkpointed: [], readOnly: [] },
    isAsync: Object.prototype.toString.call(raw) === '[object AsyncFunction]' ? true : undefined,
    home: undefined,
  };
  Object.defineProperty(redirect, 'name', { value: raw.name, configurable: true });
  Object.defineProperty(redirect, 'length', { value: raw.length, configurable: true });
  shared.methods.set(redirect, method);
  return method;
}

shared.create ??= create;

/** Both begin several copies of a call, and nothing says which of them votes. */
function refuseClash({ marks }: Method, subject: string): void {
  const clash = clashOf(marks);
  if (clash) throw new ConfigurationError([{ subject, ...clash }]);
}

function misplaced(subject: string, shown: string, where: string): ConfigurationError {
  return new ConfigurationError([
    { subject, cause: `${shown} stands ${where}.`, remedy: 'Put it at a method of instances that has a name.' },
  ]);
}

/** The decorator as it was written, for sentences. */
export function written(name: string, given: object | number): string {
  if (typeof given === 'number') return `@${name}(${given})`;
  if (typeof given === 'function') return `@${name}(${Function.prototype.toString.call(given).replaceAll(/\s+/g, ' ')})`;
  const keys = Object.keys(given).join(', ');
  return keys === '' ? `@${name}()` : `@${name}({ ${keys} })`;
}
