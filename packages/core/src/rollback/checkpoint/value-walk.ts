import { isProxy } from 'node:util/types';
import type { CodecType } from '../../base/codec-tree.js';
import { UnsupportedValueError } from './errors.js';
import { CELLS } from './tracked.js';

const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as object;
const ERRORS: readonly object[] = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map(
  (one) => one.prototype,
);
const BOXED: readonly object[] = [Number.prototype, String.prototype, Boolean.prototype, BigInt.prototype];
/** Errors keep these and nothing else. */
const OF_ERRORS = new Set(['message', 'stack', 'cause']);

export const REGISTER = 'Keep plain data, register its class in "types", or mark the field @Transient().';

/** One look at a value: refuses what would come back changed, and says whether something in it needs a note of its own. */
export class ValueWalk {
  needsNotes = false;
  private readonly met = new Set<object>();
  private readonly buffers = new Set<ArrayBufferLike>();

  constructor(private readonly types: readonly CodecType[]) {}

  /** @throws UnsupportedValueError with the path. */
  walk(value: unknown, path: string): void {
    switch (typeof value) {
      case 'function':
        throw new UnsupportedValueError('a function', path, REGISTER);
      case 'symbol':
        throw new UnsupportedValueError('a symbol', path, REGISTER);
      case 'object':
        if (value !== null) this.object(value, path);
        break;
      default:
    }
  }

  private object(value: object, path: string): void {
    if (this.met.has(value)) return;
    this.met.add(value);
    if (isProxy(value)) throw new UnsupportedValueError('a Proxy', path, REGISTER);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) return this.properties(value, path);
    if (Array.isArray(value) && prototype === Array.prototype) return this.array(value, path);
    if (this.types.some((type) => type.is(value)) || value instanceof URL) {
      this.needsNotes = true;
      return;
    }
    if (prototype === null) {
      this.needsNotes = true;
      return this.properties(value, path);
    }
    this.special(value, prototype, path);
  }

  private array(value: readonly unknown[], path: string): void {
    let extra = Object.keys(value).length !== value.length;
    for (let i = 0; i < value.length; i++) {
      const inner = value[i];
      if (inner === undefined) extra ||= !(i in value);
      else if (typeof inner === 'object' || typeof inner === 'function' || typeof inner === 'symbol') this.walk(inner, `${path}[${i}]`);
    }
    if (extra || Reflect.ownKeys(value).length !== value.length + 1 || hasAccessors(value)) this.properties(value, path, 1);
  }

  /** `hidden`: how many own properties it has of itself that are not listed. */
  private properties(value: object, path: string, hidden = 0): void {
    const keys = Object.keys(value);
    if (Reflect.ownKeys(value).length !== keys.length + hidden) {
      const what = Object.getOwnPropertySymbols(value).length > 0 ? 'an object with a symbol as a key' : 'an object with hidden properties';
      throw new UnsupportedValueError(what, path, REGISTER);
    }
    if (hasAccessors(value)) throw new UnsupportedValueError('an object with a getter or setter', path, REGISTER);
    for (const key of keys) {
      const inner = (value as Readonly<Record<string, unknown>>)[key];
      if (typeof inner === 'object' || typeof inner === 'function' || typeof inner === 'symbol')
        this.walk(inner, path === '' ? key : `${path}.${key}`);
    }
  }

  private special(value: object, prototype: object, path: string): void {
    if (value instanceof Map && prototype === Map.prototype) {
      this.bare(value, path);
      for (const [key, inner] of value) {
        this.walk(key, `${path}.keys(${label(key)})`);
        this.walk(inner, `${path}.get(${label(key)})`);
      }
    } else if (value instanceof Set && prototype === Set.prototype) {
      this.bare(value, path);
      for (const inner of value) this.walk(inner, `${path}.has(${label(inner)})`);
    } else if (value instanceof Date && prototype === Date.prototype) {
      this.bare(value, path);
    } else if (value instanceof RegExp && prototype === RegExp.prototype) {
      if (value.lastIndex !== 0) throw new UnsupportedValueError('a RegExp in the middle of a search', path, 'Set its lastIndex to 0.');
      this.bare(value, path, 1);
    } else if (BOXED.includes(prototype)) {
      this.bare(value, path, value instanceof String ? value.length + 1 : 0, true);
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      this.bytes(value, prototype, path);
    } else if (value instanceof Error && ERRORS.includes(prototype)) {
      this.error(value, path);
    } else {
      throw new UnsupportedValueError(
        nameOf(value, prototype),
        path,
        CELLS in value ? 'A tracked collection stands in a field of its own.' : REGISTER,
      );
    }
  }

  /** Own properties of such would be lost. */
  private bare(value: object, path: string, allowed = 0, isBoxed = false): void {
    if (Reflect.ownKeys(value).length === allowed) return;
    throw new UnsupportedValueError(`a ${isBoxed ? 'boxed value' : value.constructor.name} with properties of its own`, path, REGISTER);
  }

  private bytes(value: ArrayBufferView | ArrayBuffer, prototype: object, path: string): void {
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    const isKnown =
      prototype === ArrayBuffer.prototype ||
      prototype === DataView.prototype ||
      prototype === Buffer.prototype ||
      Object.getPrototypeOf(prototype) === TYPED;
    if (!isKnown) throw new UnsupportedValueError(nameOf(value, prototype), path, REGISTER);
    if (!(buffer instanceof ArrayBuffer)) throw new UnsupportedValueError('shared memory', path, 'Keep a copy of it.');
    if ((buffer as { readonly resizable?: boolean }).resizable)
      throw new UnsupportedValueError('a resizable buffer', path, 'Keep a copy of it.');
    const own = Reflect.ownKeys(value).length;
    const elements = ArrayBuffer.isView(value) && !(value instanceof DataView) ? (value as Uint8Array).length : 0;
    if (own !== elements) throw new UnsupportedValueError('bytes with properties of their own', path, REGISTER);
    // Small Buffers are cut out of one pool that nobody means.
    if (Buffer.isBuffer(value) && buffer.byteLength === Buffer.poolSize) return;
    if (this.buffers.has(buffer)) throw new UnsupportedValueError('a second view of the same bytes', path, 'Keep a copy of it.');
    this.buffers.add(buffer);
  }

  private error(value: Error, path: string): void {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string' && OF_ERRORS.has(key)) continue;
      throw new UnsupportedValueError(`an error with a property "${String(key)}"`, path, REGISTER);
    }
    if (typeof value.stack !== 'string' && value.stack !== undefined)
      throw new UnsupportedValueError('an error with another stack', path, REGISTER);
    if ('cause' in value) this.walk(value.cause, `${path}.cause`);
  }
}

function hasAccessors(value: object): boolean {
  for (const key in value) {
    const own = Object.getOwnPropertyDescriptor(value, key);
    if (own && (own.get ?? own.set)) return true;
  }
  return false;
}

function label(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : typeof value;
}

function nameOf(value: object, prototype: object): string {
  if (value instanceof Promise) return 'a promise';
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as { readonly name?: unknown } | undefined;
  return typeof made?.name === 'string' && made.name !== '' ? `an object of the class ${made.name}` : 'an object of an unknown class';
}
