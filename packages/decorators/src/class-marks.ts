import { ConfigurationError } from '@redress/core';
import { prototypes, settle, shared } from './registry.js';
import type { Body, Class, PolicyMark, RetryMark } from './registry.js';

/** What stands at a class. */
export interface ClassMarks {
  readonly retry: RetryMark[];
  readonly policies: PolicyMark[];
}

// One for the life of the process, also when two copies of this package are loaded: they must see the same marks.
const KEY = Symbol.for('redress.class-marks/1');
const holder = globalThis as unknown as Record<symbol, WeakMap<object, ClassMarks> | undefined>;
const marks = (holder[KEY] ??= new WeakMap<object, ClassMarks>());

/**
 * Writes down a mark that stands at a class, and leaves a redirect at each of its methods that has none.
 * @throws ConfigurationError when the class has no methods.
 */
export function markClass<K extends keyof ClassMarks>(kind: K, type: Class, mark: ClassMarks[K][number]): void {
  const found = marks.get(type.prototype as object) ?? { retry: [], policies: [] };
  marks.set(type.prototype as object, found);
  (found[kind] as unknown[]).push(mark);
  done.delete(type.prototype as object);
  if (complete(type) > 0) return;
  throw new ConfigurationError([
    {
      subject: type.name,
      cause: `${mark.shown} stands at a class without methods of its own or inherited ones.`,
      remedy: 'Put it at the class or the method that is called.',
    },
  ]);
}

/** The marks of this class and those that it extends, nearest first. */
export function classMarksOf(type: Class): readonly ClassMarks[] {
  return lineOf(type).flatMap((prototype) => marks.get(prototype) ?? []);
}

/** Whether a mark stands at the class of this object, or at one that it extends. */
export function inMarkedClass(instance: object): boolean {
  for (const prototype of prototypes(instance)) if (marks.has(prototype)) return true;
  return false;
}

const lineOf = (type: Class): readonly object[] => [type.prototype as object, ...prototypes(type.prototype as object)];

const done = new WeakMap<object, number>();

/**
 * Leaves redirects at the methods that the marks at classes concern: also at overrides in classes without any mark, whose
 * definition nobody is told of. Answers how many methods have one. May be called again.
 */
export function complete(type: Class): number {
  const known = done.get(type.prototype as object);
  if (known !== undefined) return known;
  let isMarked = false;
  const names = new Set<string>();
  for (const prototype of lineOf(type).toReversed()) {
    const isHere = marks.has(prototype);
    isMarked ||= isHere;
    if (!isMarked) continue;
    for (const [key, { value, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (key === 'constructor' || typeof value !== 'function') continue;
      names.add(key);
      if (configurable) redirect(prototype, key, value as Body);
    }
    if (isHere) for (const key of inherited(prototype)) redirect(prototype, key, forward(prototype, key), names);
  }
  if (isMarked) done.set(type.prototype as object, names.size);
  return names.size;
}

function redirect(prototype: object, key: string, raw: Body, names?: Set<string>): void {
  names?.add(key);
  if (shared.methods.has(raw) || shared.homes.get(prototype)?.has(key)) return;
  const method = (shared.create as NonNullable<typeof shared.create>)(key, raw);
  Object.defineProperty(prototype, key, { value: method.redirect, writable: true, configurable: true, enumerable: false });
  settle(method, prototype);
}

/** Methods of classes further up that have no redirect: these classes have no mark, and are left as they are. */
function inherited(prototype: object): readonly string[] {
  const found = new Map<string, unknown>();
  for (const one of prototypes(prototype)) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one))) if (!found.has(key)) found.set(key, value);
  }
  return [...found.keys()].filter((key) => {
    const value = found.get(key);
    if (key === 'constructor' || typeof value !== 'function' || Object.hasOwn(prototype, key)) return false;
    return !shared.methods.has(value) && !isNative(value as Body);
  });
}

const isNative = (fn: Body): boolean => Function.prototype.toString.call(fn).includes('[native code]');

function forward(prototype: object, key: string): Body {
  const target = (): Body => (Object.getPrototypeOf(prototype) as Record<string, Body>)[key] as Body;
  const { length } = target();
  const body: Body = function (...args) {
    return target().apply(this, args);
  };
  Object.defineProperty(body, 'name', { value: key, configurable: true });
  return Object.defineProperty(body, 'length', { value: length, configurable: true });
}
