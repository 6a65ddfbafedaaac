import { isDeepStrictEqual } from 'node:util';
import type { CodecType } from '../../base/codec-tree.js';

export class Money {
  constructor(
    readonly cents: bigint,
    readonly currency: string,
  ) {}
}

export const MONEY: CodecType = {
  name: 'money',
  is: (value) => value instanceof Money,
  toJson: (value) => ({ cents: (value as Money).cents, currency: (value as Money).currency }),
  fromJson: (json) => {
    const { cents, currency } = json as { readonly cents: bigint; readonly currency: string };
    return new Money(cents, currency);
  },
};

type Fate = 'kept' | 'refused';
class Mine extends Error {
  readonly extra = 1;
}
class Point {
  x = 1;
}
const hole = [1, 2, 3];
Reflect.deleteProperty(hole, 1);
const cycle: { self?: unknown; list: unknown[] } = { list: [] };
cycle.self = cycle;
cycle.list.push(cycle);
const shared = { x: 1 };
const buffer = new ArrayBuffer(8);
const manyKeys = new Map<unknown, unknown>([
  ['a', 1],
  [1, 2],
  [{ k: 1 }, 3],
  [NaN, 4],
]);
let deep: object = {};
for (let i = 0; i < 100_000; i++) deep = { deep };

/** The 42 probes, and what becomes of each: the same value, or an error with its path. */
export const probes: readonly (readonly [name: string, value: unknown, fate: Fate, path?: string])[] = [
  ['an undefined property', { a: undefined }, 'kept'],
  ['undefined in an array', [undefined, 1], 'kept'],
  ['a hole in an array', hole, 'kept'],
  ['a property of an array', Object.assign([1], { extra: 2 }), 'kept'],
  ['minus zero', -0, 'kept'],
  ['NaN', NaN, 'kept'],
  ['Infinity', -Infinity, 'kept'],
  ['a large integer', Number.MAX_SAFE_INTEGER, 'kept'],
  ['a small BigInt', 5n, 'kept'],
  ['a large BigInt', -(2n ** 200n), 'kept'],
  ['a Date', new Date(12), 'kept'],
  ['an invalid Date', new Date(NaN), 'kept'],
  ['a RegExp', /a.b/giu, 'kept'],
  ['a Map', manyKeys, 'kept'],
  ['a Set', new Set([1, 'a', { k: 1 }]), 'kept'],
  ['an Error', new TypeError('bad', { cause: new Error('why', { cause: 7 }) }), 'kept'],
  ['an Error subclass with fields', new Mine('x'), 'refused'],
  ['an Error with a field', Object.assign(new Error('x'), { code: 'E' }), 'refused'],
  ['an AggregateError', new AggregateError([new Error('x')]), 'refused'],
  ['an object of a class', new Point(), 'refused'],
  ['a ring', cycle, 'kept'],
  ['a shared reference', { a: shared, b: shared }, 'kept'],
  ['a Uint8Array', new Uint8Array([1, 2]), 'kept'],
  ['a Float64Array', new Float64Array([1.5, -0]), 'kept'],
  ['a BigInt64Array', new BigInt64Array([1n]), 'kept'],
  ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, 'kept'],
  ['a DataView', new DataView(new ArrayBuffer(3)), 'kept'],
  ['two views of one buffer', { a: new Uint8Array(buffer), b: new Uint8Array(buffer, 2) }, 'refused', 'value.b'],
  ['a Buffer', Buffer.from('abc'), 'kept'],
  ['two Buffers', [Buffer.from('abc'), Buffer.from('def')], 'kept'],
  ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), 'kept'],
  ['a boxed Number', new Number(1), 'kept'],
  ['a boxed String', new String('ab'), 'kept'],
  ['a URL', new URL('https://a.b/c?d#e'), 'kept'],
  ['a symbol as a key', { [Symbol('s')]: 1 }, 'refused'],
  ['a key __proto__', JSON.parse('{"__proto__":{"a":1}}'), 'kept'],
  ['a lone surrogate', '\ud800', 'kept'],
  ['the order of keys', { b: 1, a: 2 }, 'kept'],
  ['a function', { deep: [() => 1] }, 'refused', 'value.deep[0]'],
  ['a Promise', Promise.resolve(), 'refused'],
  ['a symbol', Symbol('s'), 'refused'],
  ['a WeakMap', new WeakMap(), 'refused'],
  // Beyond the 42.
  ['a getter', Object.defineProperty({}, 'a', { get: () => 1, enumerable: true }), 'refused'],
  ['a hidden property', Object.defineProperty({}, 'a', { value: 1, enumerable: false }), 'refused'],
  ['a RegExp in a search', Object.assign(/a/g, { lastIndex: 2 }), 'refused'],
  ['a Map with a property', Object.assign(new Map(), { extra: 1 }), 'refused'],
  ['a subclass of Map', new (class extends Map {})(), 'refused'],
  ['a Proxy', new Proxy({}, {}), 'refused'],
  ['a Proxy beside a URL', { a: new URL('https://a.b/'), b: new Proxy({}, {}) }, 'refused', 'value.b'],
  ['shared memory', new Uint8Array(new SharedArrayBuffer(1)), 'refused'],
  ['a WeakRef', new WeakRef({}), 'refused'],
  ['a generator', (function* () {})(), 'refused'],
  ['what is too deep', deep, 'refused', ''],
];

/** Equal, with prototypes, the order of keys, -0, and the same identity within. */
export function same(a: unknown, b: unknown): boolean {
  const isNoDate = (one: unknown): boolean => one instanceof Date && Number.isNaN(one.getTime());
  return ((isNoDate(a) && isNoDate(b)) || isDeepStrictEqual(a, b)) && shape(a) === shape(b);
}

/** Which objects within a value are one and the same, and in which order its keys stand. */
function shape(value: unknown): string {
  const numbers = new Map<object, number>();
  const of = (one: unknown): string => {
    if (typeof one !== 'object' || one === null) return Object.is(one, -0) ? '-0' : typeof one;
    const known = numbers.get(one);
    if (known !== undefined) return `#${known}`;
    numbers.set(one, numbers.size);
    if (one instanceof Map) return `M(${[...one].map(([k, v]) => `${of(k)}:${of(v)}`).join()})`;
    if (one instanceof Set) return `S(${[...one].map(of).join()})`;
    if (one instanceof Error) return `E(${one.stack},${of(one.cause)})`;
    return `${Object.getPrototypeOf(one) === null ? 'bare' : one.constructor.name}(${Object.entries(one)
      .map(([k, v]) => `${k}:${of(v)}`)
      .join()})`;
  };
  return of(value);
}
