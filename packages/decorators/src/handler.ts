import { prototypes } from './registry.js';
import type { Class, MethodReference } from './registry.js';

/** The name of a compensation, or why there is none. */
export type Handler = { readonly name: string } | { readonly cause: string; readonly remedy: string };

/**
 * Finds the name of the method that the reference returns, on an object without fields whose getters are covered up.
 * A name and not the function: so that an override applies, and a process that starts later finds the same.
 */
export function handlerOf(type: Class, mark: MethodReference, takes = 1): Handler {
  const visible = new Map<string | symbol, PropertyDescriptor>();
  for (const prototype of [type.prototype as object, ...prototypes(type.prototype as object)]) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (!visible.has(key)) visible.set(key, Object.getOwnPropertyDescriptor(prototype, key) as PropertyDescriptor);
    }
  }
  const view = Object.create(type.prototype as object) as object;
  for (const [key, { get, set }] of visible) if (get ?? set) Object.defineProperty(view, key, { value: undefined });
  let found: unknown;
  try {
    found = mark.reference(view as never);
  } catch (error) {
    const cause = `its reference ${mark.shown} failed: ${String(error)}.`;
    if (error instanceof TypeError && /private|must be an instance of/.test(error.message)) {
      return {
        cause: `the handler of ${mark.shown} is #private and has no name to look up.`,
        remedy: 'Make it TypeScript-private instead: private refund(…).',
      };
    }
    return { cause, remedy: 'Write (self: TheClass) => self.handler and nothing more.' };
  }
  if (typeof found !== 'function') {
    return {
      cause: `the reference ${mark.shown} leads to no method.`,
      remedy: 'Declare the handler as a method of the class: no field, no getter.',
    };
  }
  const names = [...visible].filter(([, descriptor]) => descriptor.value === found).map(([key]) => key);
  const [name, other] = names;
  if (name === undefined) {
    return {
      cause: `the reference ${mark.shown} returns a function that is no method of ${type.name}.`,
      remedy: 'Write (self: TheClass) => self.handler.',
    };
  }
  if (other !== undefined) {
    return {
      cause: `the reference ${mark.shown} fits "${String(name)}" and "${String(other)}", which are one function.`,
      remedy: 'Give the handler one name.',
    };
  }
  if (typeof name === 'symbol') return { cause: `the handler of ${mark.shown} is named by a symbol.`, remedy: 'Give it a name.' };
  if (found.length > takes) {
    return {
      cause: `the handler of ${mark.shown} takes ${found.length} arguments, and is called with one.`,
      remedy: 'Let it take one, or give the others a default: a parameter with "?" counts.',
    };
  }
  return { name };
}
