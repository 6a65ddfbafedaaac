import SuperJSON from 'superjson';
import type { SuperJSONResult } from 'superjson';
import { CodecError, RedressError } from './errors.js';
import type { Data } from './store.js';

/** Turns values into what a store keeps. `decode(encode(x))` equals `x`, or `encode` throws a `CodecError` with the path. */
export interface Codec {
  /** Recorded with all that it wrote: lower-case letters, digits and `-`. */
  readonly name: string;
  encode(value: unknown): Data;
  decode(data: Data): unknown;
}

export type ErrorClass = abstract new (...args: never[]) => Error;

/** How one class of values survives, for `createCodec({ types })`. */
export interface CodecType<T = unknown, J = unknown> {
  /** Recorded: keep it when the class is renamed. */
  readonly name: string;
  is(value: unknown): value is T;
  toJson(value: T): J;
  fromJson(json: J): T;
}

const PLAIN_DEPTH = 64;
const PREFIX = /^([a-z0-9-]+):/;

/**
 * Readable JSON; where JSON does not suffice (Date, Map, Set, BigInt, Uint8Array, undefined, NaN, Error …), JSON with
 * superjson's notes about types. Anything else is refused with its path, so that nothing comes back changed.
 * Errors keep name, message, code, cause and their own encodable fields; those of the classes in `errors` come back as that class.
 */
export function createCodec(options: { readonly types?: readonly CodecType[]; readonly errors?: readonly ErrorClass[] } = {}): Codec {
  const json = new SuperJSON();
  const types = options.types ?? [];
  const classes = new Map((options.errors ?? []).map((type) => [type.name, type]));
  for (const type of types) {
    json.registerCustom<unknown, never>(
      { isApplicable: (v): v is unknown => type.is(v), serialize: (v) => type.toJson(v) as never, deserialize: (v) => type.fromJson(v) },
      type.name,
    );
  }
  json.registerCustom<Error, never>(
    {
      isApplicable: (v): v is Error => v instanceof Error,
      serialize: (error) => json.serialize(errorFields(error)) as never,
      deserialize: (fields) => rebuild(json.deserialize(fields) as ErrorFields, classes),
    },
    'error',
  );
  return {
    name: 'json',
    encode(value) {
      if (isPlain(value, 0)) return JSON.stringify(value);
      refuse(value, '', types, []);
      const { json: tree, meta } = json.serialize(value);
      return `+${JSON.stringify({ json: tree ?? null, meta })}`;
    },
    decode(data) {
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
      try {
        if (!text.startsWith('+')) return JSON.parse(text) as unknown;
        return json.deserialize(JSON.parse(text.slice(1)) as SuperJSONResult);
      } catch (cause) {
        throw new CodecError(`This is no record of the codec "json": ${text.slice(0, 40)}`, '', cause);
      }
    },
  };
}

/** Encodes with the codec's name in front, so that a later change of codec leaves old records readable. */
export function encodeRecord(codec: Codec, value: unknown): Data {
  const data = codec.encode(value);
  if (typeof data === 'string') return `${codec.name}:${data}`;
  return Buffer.concat([Buffer.from(`${codec.name}:`), data]);
}

/** @throws CodecError when the record is damaged, or was written by a codec that is not among `codecs` (the error names it). */
export function decodeRecord(codecs: readonly Codec[], data: Data): unknown {
  const start = typeof data === 'string' ? data.slice(0, 40) : Buffer.from(data.subarray(0, 40)).toString('latin1');
  const name = PREFIX.exec(start)?.[1];
  if (name === undefined) throw new CodecError(`This is no record of ours: it starts with ${JSON.stringify(start)}.`, '');
  const codec = codecs.find((one) => one.name === name);
  if (!codec) throw new CodecError(`The record was written by the codec "${name}", which is not registered here.`, '');
  return codec.decode(typeof data === 'string' ? data.slice(name.length + 1) : data.subarray(name.length + 1));
}

/** True when JSON alone gives the same value back: one walk, no memory. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (depth > PLAIN_DEPTH) return false;
  if (Array.isArray(value)) {
    if (Object.keys(value).length !== value.length) return false;
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  const object: object = value;
  if (Object.getPrototypeOf(object) !== Object.prototype || 'toJSON' in object) return false;
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol' || key === '__proto__') return false;
    if (!isPlain((object as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

function refuse(value: unknown, path: string, types: readonly CodecType[], above: readonly unknown[]): void {
  if (types.some((type) => type.is(value))) return;
  const what = typeof value;
  if (what === 'function' || what === 'symbol') throw refusal(`a ${what}`, path);
  if (what !== 'object' || value === null || above.includes(value)) return;
  const inside = [...above, value];
  const each = (part: unknown, at: string): void => refuse(part, path === '' ? at.replace(/^\./, '') : path + at, types, inside);
  if (value instanceof Date || value instanceof Uint8Array || value instanceof RegExp || value instanceof URL) return;
  if (value instanceof Map) return [...value].forEach(([k, v], i) => (each(k, `.keys[${i}]`), each(v, `.values[${i}]`)));
  if (value instanceof Set) return [...value].forEach((v, i) => each(v, `.values[${i}]`));
  if (value instanceof Error) return Object.entries(errorFields(value)).forEach(([k, v]) => each(v, `.${k}`));
  if (Array.isArray(value)) return value.forEach((v, i) => each(v, `[${i}]`));
  const object: object = value as object;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw refusal(`an instance of ${object.constructor?.name || 'an unnamed class'}`, path);
  }
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol') throw refusal('a field named by a symbol', path);
    if (['__proto__', 'constructor', 'prototype'].includes(key)) throw refusal(`a field named "${key}"`, path);
    each((object as Record<string, unknown>)[key], `.${key}`);
  }
}

function refusal(what: string, path: string): CodecError {
  const place = path === '' ? 'the value itself' : `"${path}"`;
  return new CodecError(
    `Cannot encode ${what} at ${place}. Pass plain data, or register the type with createCodec({ types }).`,
    path,
  );
}

interface ErrorFields extends Record<string, unknown> {
  readonly name: string;
  readonly message: string;
}

function errorFields(error: Error): ErrorFields {
  const own = Object.fromEntries(Object.entries(error).filter(([, v]) => typeof v !== 'function'));
  const cause = 'cause' in error ? { cause: error.cause } : {};
  return { ...own, name: error.name, message: error.message, ...cause };
}

const BUILT_IN: Readonly<Record<string, ErrorClass>> = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

function rebuild(fields: ErrorFields, classes: ReadonlyMap<string, ErrorClass>): Error {
  const { name, message, cause, ...own } = fields;
  const type = classes.get(name) ?? BUILT_IN[name] ?? Error;
  const error = new Error(message, 'cause' in fields ? { cause } : undefined);
  Object.setPrototypeOf(error, type.prototype as object);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (typeof own['code'] === 'string' && ours(own)) RedressError.brand(error);
  return Object.assign(error, own);
}

function ours(own: Readonly<Record<string, unknown>>): boolean {
  return typeof own['retryable'] === 'boolean' && typeof own['details'] === 'object';
}
