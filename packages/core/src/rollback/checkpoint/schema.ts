import { createHash } from 'node:crypto';
import type { Schema } from '../../base/schema.js';

type Walkable = Readonly<Record<string, unknown>>;

/** The fields that a schema of an object lists, where it says so: zod and arktype style `shape`, valibot's `entries`. */
export function fieldsOf(schema: Schema): readonly string[] | undefined {
  for (const key of ['shape', 'entries']) {
    const listed = (schema as unknown as Walkable)[key];
    if (typeof listed === 'object' && listed !== null) return Object.keys(listed);
  }
  return undefined;
}

/**
 * What a schema looks like, in 16 hexadecimal digits: another one when a field, a type or a limit has changed. Functions
 * within it (refinements) count as being there, whatever they do.
 */
export function fingerprint(schema: Schema | undefined, fields: readonly string[]): string {
  const hash = createHash('sha256');
  hash.update(schema ? outline(schema, new Map()) : JSON.stringify([...fields].sort()));
  return hash.digest('hex').slice(0, 16);
}

function outline(value: unknown, seen: Map<object, number>): string {
  if (typeof value === 'function') return hasDefinition(value) ? inner(value, seen) : 'function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? typeof value;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Date) return String(value.getTime());
  return inner(value, seen);
}

function inner(value: object, seen: Map<object, number>): string {
  const known = seen.get(value);
  if (known !== undefined) return `#${known}`;
  seen.set(value, seen.size);
  if (Array.isArray(value)) return `[${value.map((one) => outline(one, seen)).join()}]`;
  if (value instanceof Set) return `Set[${[...value].map((one) => outline(one, seen)).join()}]`;
  if (value instanceof Map) return `Map[${[...value].map((pair) => outline(pair, seen)).join()}]`;
  // What zod says of a schema is in its definition; the rest is how it does its work.
  const from = hasDefinition(value) ? definitionOf(value) : (value as Walkable);
  const parts = Object.keys(from)
    .filter((key) => key !== '~standard' && key !== '~run')
    .sort()
    .map((key) => `${key}:${outline(from[key], seen)}`);
  return `{${parts.join()}}`;
}

const hasDefinition = (value: object): boolean => typeof definitionOf(value) === 'object';

function definitionOf(value: object): Walkable {
  return ((value as { readonly def?: unknown }).def ?? (value as { readonly json?: unknown }).json) as Walkable;
}
