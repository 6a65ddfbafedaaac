import { CodecError, RedressError, RefusedError, RetryableError, TerminalError } from './errors.js';

export type ErrorClass = abstract new (...args: never[]) => Error;

/** How one class of values survives, for `createCodec({ types })`. */
export interface CodecType<T = unknown, J = unknown> {
  /** Recorded: keep it when the class is renamed. */
  readonly name: string;
  is(value: unknown): value is T;
  toJson(value: T): J;
  fromJson(json: J): T;
}

export interface Known {
  readonly types: readonly CodecType[];
  readonly errors: readonly ErrorClass[];
}

type Noted = { readonly $: string; readonly v?: unknown };

const ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];
const ERRORS: readonly ErrorClass[] = [
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  RefusedError,
  TerminalError,
  RetryableError,
];

/** A tree that JSON can hold. @throws CodecError with the path of what cannot be encoded. */
export function encodeTree(value: unknown, known: Known): unknown {
  return encode(value, '', known, []);
}

function encode(value: unknown, path: string, known: Known, above: readonly unknown[]): unknown {
  const type = known.types.find((one) => one.is(value));
  if (type) return { $: `type:${type.name}`, v: encode(type.toJson(value), path, { ...known, types: [] }, above) };
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
    case 'undefined':
      return { $: 'undefined' };
    case 'bigint':
      return { $: 'bigint', v: String(value) };
    case 'object':
      return value === null ? null : encodeObject(value, path, known, above);
    default:
      throw refusal(`a ${typeof value}`, path);
  }
}

function encodeObject(value: object, path: string, known: Known, above: readonly unknown[]): unknown {
  if (above.includes(value)) throw refusal('a ring (the value contains itself)', path);
  const inside = [...above, value];
  const each = (part: unknown, at: string): unknown => encode(part, path === '' ? at.replace(/^\./, '') : path + at, known, inside);
  const list = (parts: readonly unknown[], at: string): unknown[] => parts.map((part, i) => each(part, `${at}[${i}]`));
  if (Array.isArray(value)) {
    if (Object.keys(value).some((key) => !/^\d+$/.test(key))) throw refusal('an array with fields of its own', path);
    return list(Array.from(value as unknown[]), '');
  }
  if (value instanceof Date) return { $: 'date', v: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Map) return { $: 'map', v: [list([...value.keys()], '.keys'), list([...value.values()], '.values')] };
  if (value instanceof Set) return { $: 'set', v: list([...value], '.values') };
  if (value instanceof URL) return { $: 'url', v: value.href };
  if (value instanceof RegExp) return { $: 'regexp', v: [value.source, value.flags] };
  if (ArrayBuffer.isView(value)) return encodeView(value, path);
  if (value instanceof Error) return { $: 'error', v: fieldsOf(errorFields(value), each) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw refusal(`an instance of ${value.constructor?.name || 'an unnamed class'}`, path);
  const keys = Reflect.ownKeys(value);
  if (keys.some((key) => typeof key === 'symbol')) throw refusal('a field named by a symbol', path);
  // A field that would read as a note, or set the prototype, is kept as a pair.
  const odd = keys.includes('$') || keys.includes('__proto__');
  const fields = Object.entries(value).map(([key, part]) => [key, each(part, `.${key}`)] as const);
  return odd ? { $: 'object', v: fields } : Object.fromEntries(fields);
}

function fieldsOf(object: object, each: (part: unknown, at: string) => unknown): object {
  return Object.fromEntries(Object.entries(object).map(([key, part]) => [key, each(part, `.${key}`)]));
}

function encodeView(value: ArrayBufferView, path: string): Noted {
  const name = Buffer.isBuffer(value) ? 'Buffer' : ARRAYS.find((type) => Object.getPrototypeOf(value) === type.prototype)?.name;
  if (name === undefined) throw refusal(`an instance of ${value.constructor.name}`, path);
  return { $: name, v: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function refusal(what: string, path: string): CodecError {
  const place = path === '' ? 'the value itself' : `"${path}"`;
  return new CodecError(`Cannot encode ${what} at ${place}. Pass plain data, or register the type with createCodec({ types }).`, path);
}

function errorFields(error: Error): object {
  const own = Object.fromEntries(Object.entries(error).filter(([, part]) => typeof part !== 'function'));
  return { ...own, name: error.name, message: error.message, ...('cause' in error ? { cause: error.cause } : {}) };
}

/** The value of a tree of `encodeTree`. @throws CodecError when a note is unknown. */
export function decodeTree(tree: unknown, known: Known): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((part) => decodeTree(part, known));
  if ('$' in tree) return decodeNoted(tree as Noted, known);
  const object = tree as Record<string, unknown>;
  for (const key of Object.keys(object)) object[key] = decodeTree(object[key], known);
  return object;
}

function decodeNoted({ $, v }: Noted, known: Known): unknown {
  switch ($) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(v);
    case 'bigint':
      return BigInt(v as string);
    case 'date':
      return new Date((v as string | null) ?? Number.NaN);
    case 'url':
      return new URL(v as string);
    case 'regexp':
      return new RegExp((v as string[])[0] as string, (v as string[])[1]);
    case 'set':
      return new Set(decodeTree(v, known) as unknown[]);
    case 'map': {
      const [keys, values] = decodeTree(v, known) as [unknown[], unknown[]];
      return new Map(keys.map((key, i) => [key, values[i]]));
    }
    case 'object':
      return Object.defineProperties(
        {},
        Object.fromEntries((v as [string, unknown][]).map(([key, part]) => [key, field(decodeTree(part, known))])),
      );
    case 'error':
      return rebuild(decodeTree(v, known) as ErrorFields, known.errors);
    case 'Buffer':
      return Buffer.from(v as string, 'base64');
  }
  const view = ARRAYS.find((type) => type.name === $);
  if (view) return new view(new Uint8Array(Buffer.from(v as string, 'base64')).buffer);
  const type = known.types.find((one) => $ === `type:${one.name}`);
  if (!type) throw new CodecError(`The record holds a value of the type "${$}", which is not registered here.`, '');
  return type.fromJson(decodeTree(v, known));
}

function field(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, configurable: true, writable: true };
}

interface ErrorFields extends Record<string, unknown> {
  readonly name: string;
  readonly message: string;
}

/** An error of the class that its name says, without running a constructor. */
function rebuild(fields: ErrorFields, classes: readonly ErrorClass[]): Error {
  const { name, message, cause, ...own } = fields;
  const type = [...classes, ...ERRORS].find((one) => one.name === name) ?? Error;
  const error = new Error(message, 'cause' in fields ? { cause } : undefined);
  Object.setPrototypeOf(error, type.prototype as object);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  const ours = typeof own['code'] === 'string' && typeof own['retryable'] === 'boolean' && typeof own['details'] === 'object';
  if (ours) RedressError.brand(error);
  return Object.assign(error, own);
}
