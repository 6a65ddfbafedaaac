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
  private readonly views = new Map<ArrayBufferLike, object>();
  /** Where it is: made to a path when something is refused. */
  private readonly at: (string | number)[] = [];
  private root = '';

  constructor(private readonly types: readonly CodecType[]) {}

  /** @throws UnsupportedValueError with the path. */
  walk(value: unknown, path: string): void {
    this.root = path;
    this.any(value);
  }

  private refuse(what: string, remedy = REGISTER): never {
    const [first, ...rest] = [this.root, ...this.at.map((part) => (typeof part === 'number' ? `[${part}]` : part))];
    const path = rest.reduce((all, part) => (all === '' && part.startsWith('.') ? part.slice(1) : all + part), first);
    throw new UnsupportedValueError(what, path, remedy);
  }

  private any(value: unknown): void {
    if (typeof value === 'object') {
      if (value !== null) this.object(value);
    } else if (typeof value === 'function') this.refuse('a function');
    else if (typeof value === 'symbol') this.refuse('a symbol');
  }

  private inner(value: unknown, part: string | number): void {
    this.at.push(part);
    this.any(value);
    this.at.pop();
  }

  private object(value: object): void {
    if (this.met.size === this.met.add(value).size) return;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) return this.properties(value, 0);
    if (Array.isArray(value) && prototype === Array.prototype) return this.array(value);
    if (this.types.some((type) => type.is(value)) || value instanceof URL) {
      this.needsNotes = true;
      return;
    }
    if (prototype === null) {
      this.needsNotes = true;
      return this.properties(value, 0);
    }
    this.special(value, prototype);
  }

  private array(value: readonly unknown[]): void {
    const own = Reflect.ownKeys(value).length;
    if (own !== value.length + 1 || hasAccessors(value)) return this.properties(value, 1);
    for (let i = 0; i < value.length; i++) {
      const inner = value[i];
      if ((typeof inner === 'object' && inner !== null) || typeof inner === 'function' || typeof inner === 'symbol') this.inner(inner, i);
    }
  }

  /** `hidden`: how many own properties it has of itself that are not listed. */
  private properties(value: object, hidden: number): void {
    const keys = Object.keys(value);
    if (Reflect.ownKeys(value).length !== keys.length + hidden) {
      const hasSymbols = Object.getOwnPropertySymbols(value).length > 0;
      this.refuse(hasSymbols ? 'an object with a symbol as a key' : 'an object with hidden properties');
    }
    if (hasAccessors(value)) this.refuse('an object with a getter or setter');
    for (const key of keys) {
      const inner = (value as Readonly<Record<string, unknown>>)[key];
      if ((typeof inner !== 'object' || inner === null) && typeof inner !== 'function' && typeof inner !== 'symbol') continue;
      this.inner(inner, `.${key}`);
    }
  }

  private special(value: object, prototype: object): void {
    if (value instanceof Map && prototype === Map.prototype) {
      this.bare(value);
      for (const [key, inner] of value) {
        this.inner(key, `.keys(${label(key)})`);
        this.inner(inner, `.get(${label(key)})`);
      }
    } else if (value instanceof Set && prototype === Set.prototype) {
      this.bare(value);
      for (const inner of value) this.inner(inner, `.has(${label(inner)})`);
    } else if (value instanceof Date && prototype === Date.prototype) {
      this.bare(value);
    } else if (value instanceof RegExp && prototype === RegExp.prototype) {
      if (value.lastIndex !== 0) this.refuse('a RegExp in the middle of a search', 'Set its lastIndex to 0.');
      this.bare(value, 1);
    } else if (BOXED.includes(prototype)) {
      this.bare(value, value instanceof String ? value.length + 1 : 0);
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      this.bytes(value, prototype);
    } else if (value instanceof Error && ERRORS.includes(prototype)) {
      this.error(value);
    } else {
      this.refuse(nameOf(value, prototype), CELLS in value ? 'A tracked collection stands in a field of its own.' : REGISTER);
    }
  }

  /** Own properties of such would be lost. */
  private bare(value: object, allowed = 0): void {
    if (Reflect.ownKeys(value).length !== allowed) this.refuse(`a ${value.constructor.name} with properties of its own`);
  }

  private bytes(value: ArrayBufferView | ArrayBuffer, prototype: object): void {
    const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
    const known: readonly object[] = [ArrayBuffer.prototype, DataView.prototype, Buffer.prototype];
    if (!known.includes(prototype) && Object.getPrototypeOf(prototype) !== TYPED) this.refuse(nameOf(value, prototype));
    if (!(buffer instanceof ArrayBuffer)) this.refuse('shared memory', 'Keep a copy of it.');
    if ((buffer as { readonly resizable?: boolean }).resizable) this.refuse('a resizable buffer', 'Keep a copy of it.');
    const elements = ArrayBuffer.isView(value) && !(value instanceof DataView) ? (value as Uint8Array).length : 0;
    if (Reflect.ownKeys(value).length !== elements) this.refuse('bytes with properties of their own');
    // Small Buffers are cut out of one pool that nobody means.
    if (Buffer.isBuffer(value) && buffer.byteLength === POOL) return;
    if (this.views.has(buffer)) this.refuse('a second view of the same bytes', 'Keep a copy of it.');
    this.views.set(buffer, value);
  }

  private error(value: Error): void {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key !== 'string' || !OF_ERRORS.has(key)) this.refuse(`an error with a property "${String(key)}"`);
    }
    if (typeof value.stack !== 'string' && value.stack !== undefined) this.refuse('an error with another stack');
    if ('cause' in value) this.inner(value.cause, '.cause');
  }
}

/** Length of that pool: some releases of Node make it a little longer than `Buffer.poolSize`. */
const POOL = Buffer.from('pool').buffer.byteLength;

function hasAccessors(value: object): boolean {
  for (const key of Object.keys(value)) {
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
