import { ConfigurationError } from '../../base/errors.js';
import type { Settled } from './options.js';
import { fieldsOf } from './schema.js';
import { isTracked } from './tracked.js';

/** Which fields of an object are its state, and whether those that come later are as well. */
export function selectFields(
  object: object,
  subject: string,
  options: Settled,
): { readonly names: readonly string[]; readonly isOpen: boolean } {
  const transient = new Set(options.transient);
  const listed = options.fields ?? (options.state && fieldsOf(options.state));
  const there = Object.keys(object).filter((key) => !transient.has(key));
  if (listed) return { names: listed.filter((name) => !transient.has(name)), isOpen: false };
  const record = object as Readonly<Record<string, unknown>>;
  const names = there.filter((name) => typeof record[name] !== 'function' && isOwnData(object, name));
  if (!options.store) return { names, isOpen: true };
  const shown = names.filter((name) => !isService(record[name])).map((name) => `'${name}'`);
  throw new ConfigurationError([
    {
      subject,
      cause: 'It is kept in a store, and nothing says which fields are its state.',
      remedy: `Give it a schema, or list them: fields: [${shown.join(', ')}].`,
    },
  ]);
}

function isOwnData(object: object, name: string): boolean {
  return 'value' in (Object.getOwnPropertyDescriptor(object, name) ?? {});
}

/** An object of some class, that somebody has handed in. */
function isService(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isTracked(value)) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return (
    prototype !== Object.prototype && !Array.isArray(value) && !(value instanceof Date || value instanceof Map || value instanceof Set)
  );
}
