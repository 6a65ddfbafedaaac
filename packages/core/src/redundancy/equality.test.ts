import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance, structurallyEqual } from './equality.js';

function ring(last: unknown): object {
  const one: Record<string, unknown> = { last };
  one['next'] = { back: one };
  return one;
}

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}
class Place extends Point {}
class Sealed {
  readonly #secret: number;
  constructor(secret: number) {
    this.#secret = secret;
  }
  reveal = undefined as unknown;
  static plain(secret: number): Sealed {
    const one = new Sealed(secret);
    delete (one as { reveal?: unknown }).reveal;
    return one;
  }
  get value(): number {
    return this.#secret;
  }
}

const A = Symbol('a');

const equal: readonly (readonly [string, unknown, unknown])[] = [
  ['the order of keys', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
  ['NaN', { n: NaN }, { n: NaN }],
  ['two invalid dates', new Date(NaN), new Date(NaN)],
  ['dates', new Date(5), new Date(5)],
  ['big integers', [10n], [10n]],
  ['the order of map entries', new Map([['a', 1], ['b', 2]]), new Map([['b', 2], ['a', 1]])], // prettier-ignore
  ['maps with objects as keys', new Map([[{ k: 1 }, 'x'], [{ k: 2 }, 'y']]), new Map([[{ k: 2 }, 'y'], [{ k: 1 }, 'x']])], // prettier-ignore
  ['equal keys with other values', new Map([[{ k: 1 }, 'x'], [{ k: 1 }, 'y']]), new Map([[{ k: 1 }, 'y'], [{ k: 1 }, 'x']])], // prettier-ignore
  ['the order of set members', new Set([{ a: 1 }, 2, { b: 2 }]), new Set([{ b: 2 }, { a: 1 }, 2])],
  ['typed arrays', new Float64Array([1, NaN]), new Float64Array([1, NaN])],
  ['a buffer and its bytes from another thread', Buffer.from('ab'), new Uint8Array([97, 98])],
  ['views of other buffers', new Uint8Array([0, 1, 2]).subarray(1), new Uint8Array([1, 2])],
  ['array buffers', new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
  ['objects without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ['instances', new Point(1, 2), new Point(1, 2)],
  ['errors, whatever their stacks are', new TypeError('x', { cause: { a: 1 } }), new TypeError('x', { cause: { a: 1 } })],
  ['rings', ring(1), ring(1)],
  ['addresses and patterns', [new URL('http://a/b'), /x/g], [new URL('http://a/b'), /x/g]],
  ['fields named by symbols', { [A]: 1 }, { [A]: 1 }],
  ['undefined', undefined, undefined],
];

const unequal: readonly (readonly [string, unknown, unknown])[] = [
  ['a number and its text', 1, '1'],
  ['a big integer and a number', 10n, 10],
  ['zero and its negative', 0, -0],
  ['a missing field and an undefined one', {}, { a: undefined }],
  ['fields of other names', { a: undefined }, { b: undefined }],
  ['null and an empty object', null, {}],
  ['an array and an object', [], {}],
  ['a hole and undefined', [, 1], [undefined, 1]], // oxlint-disable-line no-sparse-arrays
  ['arrays of other lengths', [1], [1, undefined]],
  ['a date and its text', new Date(5), new Date(5).toISOString()],
  ['other dates', new Date(5), new Date(6)],
  ['maps', new Map([[1, 2]]), new Map([[1, 3]])],
  ['maps with the values of two keys exchanged', new Map([[{ k: 1 }, 'x'], [{ k: 2 }, 'y']]), new Map([[{ k: 1 }, 'y'], [{ k: 2 }, 'x']])], // prettier-ignore
  ['sets', new Set([1, 2]), new Set([1, 3])],
  ['sets that repeat one member of the other', new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ['typed arrays of other types', new Uint8Array([1]), new Int8Array([1])],
  ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ['classes', new Point(1, 2), new Place(1, 2)],
  ['an instance and a plain object', new Point(1, 2), { x: 1, y: 2 }],
  ['messages', new Error('a'), new Error('b')],
  ['kinds of errors', new TypeError('a'), new RangeError('a')],
  ['causes', new Error('a', { cause: 1 }), new Error('a', { cause: 2 })],
  ['what a ring holds', ring(1), ring(2)],
  ['addresses', new URL('http://a/b'), new URL('http://a/c')],
  ['objects that show nothing', Sealed.plain(1), Sealed.plain(1)],
  ['functions', () => 1, () => 1],
];

describe('equality', () => {
  it.each(equal)('VT-17 VT-19 VT-20 VT-21 does not mind %s', (_, a, b) => {
    expect([distance(a, b), distance(b, a)]).toEqual([0, 0]);
  });

  it.each(unequal)('tells apart %s', (_, a, b) => {
    expect([distance(a, b), distance(b, a)]).toEqual([Infinity, Infinity]);
  });

  it('follows a long chain without a deep stack', () => {
    const build = (last: number): object => {
      let one: object = { last };
      for (let i = 0; i < 200_000; i++) one = { one };
      return one;
    };
    expect(structurallyEqual(build(1), build(1))).toBe(true);
    expect(structurallyEqual(build(1), build(2))).toBe(false);
  });

  it('compares what is shared once', () => {
    const build = (): object => {
      let one: object = { end: 1 };
      for (let i = 0; i < 60; i++) one = { left: one, right: one };
      return one;
    };
    expect(structurallyEqual(build(), build())).toBe(true);
  });

  it('adds up what numbers differ by, each within the tolerance', () => {
    expect(distance({ a: 1, b: [2] }, { a: 1.25, b: [2.5] }, 0.5)).toBe(0.75);
    expect(distance({ a: 1, b: [2] }, { a: 1.25, b: [2.75] }, 0.5)).toBe(Infinity);
    expect(distance(new Float32Array([1, 2]), new Float32Array([1.5, 2]), 0.5)).toBe(0.5);
    expect(distance(new Set([1, 5]), new Set([1.5, 5.5]), 0.5)).toBe(1);
    expect(distance(0, -0, 0.1)).toBe(0);
    expect(distance(Infinity, -Infinity, 1)).toBe(Infinity);
    expect(distance(new Map([[1, 1]]), new Map([[1.1, 1]]), 0.5)).toBe(Infinity);
  });

  it('finds the one way in which all members of two sets are near', () => {
    // 1.4 is near to both, and 1 has no other partner.
    expect(structurallyEqual(new Set([1.4, 1.8]), new Set([1.4, 1]), 0.5)).toBe(true);
    expect(structurallyEqual(new Set([{ v: 1.4 }, { v: 1.8 }]), new Set([{ v: 1 }, { v: 1.4 }]), 0.5)).toBe(true);
    expect(structurallyEqual(new Set([1, 1.1]), new Set([1.4, 1.8]), 0.5)).toBe(false);
  });

  it('forgets what it took to be equal when that came to nothing', () => {
    const shared = { v: 1 };
    const [a, b] = [
      { deep: shared, tail: 1 },
      { deep: { v: 1 }, tail: 2 },
    ];
    expect(structurallyEqual(new Set([a, { v: 3 }]), new Set([b, { v: 3 }]))).toBe(false);
    expect(structurallyEqual([a, new Set([a, b])], [b, new Set([b, a])])).toBe(false);
  });

  const data = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
  });

  it('holds for a copy of anything, in both directions', () => {
    fc.assert(
      fc.property(data, (value) => {
        const copy = structuredClone(value);
        expect(distance(value, copy)).toBe(0);
        expect(distance(copy, value, 0.5)).toBe(0);
      }),
    );
  });

  it('says of any two values what Node says, and the same in both directions', () => {
    // Node minds whether a prototype is null; structural equality does not.
    const plain = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, maxDepth: 2, maxKeys: 2 });
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(structurallyEqual(a, b)).toBe(isDeepStrictEqual(a, b));
        expect(structurallyEqual(b, a)).toBe(structurallyEqual(a, b));
        expect(structurallyEqual([a, b], [b, a], 0.25)).toBe(structurallyEqual(a, b, 0.25));
      }),
      { numRuns: 300 },
    );
  });
});
