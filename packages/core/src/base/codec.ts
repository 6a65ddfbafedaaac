import { CodecError, messageOf } from './errors.js';
import { decodeTree, encodeTree } from './codec-tree.js';
import type { CodecType, ErrorClass } from './codec-tree.js';
import type { Data } from './store.js';

/** Turns values into what a store keeps. `decode(encode(x))` equals `x`, or `encode` throws a `CodecError` with the path. */
export interface Codec {
  /** Recorded with all that it wrote: lower-case letters, digits and `-`. */
  readonly name: string;
  encode(value: unknown): Data;
  decode(data: Data): unknown;
}

export interface CodecOptions {
  /** Classes of values that are not known by themselves. */
  readonly types?: readonly CodecType[];
  /** Error classes that come back as themselves, found by their name; may grow later. Those of the language and ours always do. */
  readonly errors?: readonly ErrorClass[];
}

const PLAIN_DEPTH = 64;
const PREFIX = /^([a-z0-9-]+):/;

/**
 * Readable JSON; what JSON does not know (Date, Map, Set, BigInt, typed arrays, undefined, NaN, Error, URL, RegExp) stands
 * in it as `{"$":"<type>","v":…}`. Anything else is refused with its path, so that nothing comes back changed. Two
 * references to one object become two objects; a ring is refused. Errors keep name, message, code, cause and their own
 * encodable fields.
 */
export function createCodec(options: CodecOptions = {}): Codec {
  const known = { types: options.types ?? [], errors: options.errors ?? [] };
  return {
    name: 'json',
    encode(value) {
      try {
        return JSON.stringify(isPlain(value, 0) ? value : encodeTree(value, known));
      } catch (error) {
        throw codecError('Cannot encode the value', error);
      }
    },
    decode(data) {
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data);
      try {
        const tree = JSON.parse(text) as unknown;
        // A quote within a text is escaped, so this stands where a type is noted and nowhere else.
        return text.includes('{"$":') ? decodeTree(tree, known) : tree;
      } catch (error) {
        throw codecError(`This is no record of the codec "json": ${text.slice(0, 40)}`, error);
      }
    },
  };
}

function codecError(what: string, cause: unknown): CodecError {
  return cause instanceof CodecError ? cause : new CodecError(`${what} (${messageOf(cause)}).`, '', cause);
}

/** Encodes with the codec's name in front, so that a later change of codec leaves old records readable. */
export function encodeRecord(codec: Codec, value: unknown): Data {
  const data = codec.encode(value);
  if (typeof data === 'string') return `${codec.name}:${data}`;
  return Buffer.concat([Buffer.from(`${codec.name}:`), data]);
}

/** @throws CodecError when the record is damaged, or was written by a codec that is not among `codecs` (the error names it). */
export function decodeRecord(codecs: readonly Codec[], data: Data): unknown {
  const [first] = codecs;
  // The codec that writes is the one that has written nearly all.
  if (first && typeof data === 'string' && data.startsWith(first.name) && data[first.name.length] === ':')
    return first.decode(data.slice(first.name.length + 1));
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
  const object = value as Record<string, unknown>;
  if (Object.getPrototypeOf(object) !== Object.prototype || 'toJSON' in object) return false;
  // What is not enumerable is left out in both ways of encoding; what a symbol names is refused in the other one.
  for (const key in object) {
    if (key === '$' || key === '__proto__') return false;
    if (!isPlain(object[key], depth + 1)) return false;
  }
  return Object.getOwnPropertySymbols(object).length === 0;
}
