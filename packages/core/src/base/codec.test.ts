import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec, decodeRecord, encodeRecord } from './codec.js';
import { CodecError, RedressError, RefusedError } from './errors.js';

const codec = createCodec();
const back = (value: unknown): unknown => codec.decode(codec.encode(value));

describe('the default codec', () => {
  const survivors: Record<string, unknown> = {
    date: new Date(0),
    map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1n])]]),
    undefined: { a: undefined, b: [undefined] },
    bigint: 12345678901234567890n,
    bytes: new Uint8Array([0, 255]),
    numbers: [Number.NaN, Infinity, -Infinity, -0, 0, 1e21],
    text: 'ünï\u2028\ud83d\ude00"\\',
    'a regular expression': /a+/giu,
    'a plus sign first': '+{"json":1}',
    'deep nesting': Array.from({ length: 200 }).reduce<unknown>((inner) => ({ inner }), 1),
    'typed arrays': [
      new Float64Array([1.5, Number.NaN]),
      new BigInt64Array([-1n]),
      Buffer.from('ü'),
      new Uint8Array(new ArrayBuffer(8), 2, 3),
    ],
    'fields that look like notes': { $: 'date', v: '{"$":1}', more: { $: [undefined] } },
    'a field that would set the prototype': JSON.parse('{"a":{"__proto__":{"x":1}}}'),
    'an invalid date and an address': [new Date(Number.NaN), new URL('https://example.com/a?b#c')],
    'a key that looks like a path': { 'a.b': new Date(1), 'c\\d': { '0': 1n } },
  };
  for (const [name, value] of Object.entries(survivors)) {
    it(`gives back ${name}`, () => expect(back(value)).toEqual(value));
  }

  it('tells -0 from 0', () => {
    expect(Object.is(back(-0), -0)).toBe(true);
    expect(Object.is((back([-0]) as number[])[0], -0)).toBe(true);
  });

  it('gives back any JSON value, and any of its own types, equal', () => {
    const special = fc.oneof(
      fc.jsonValue(),
      fc.date({ noInvalidDate: true }),
      fc.bigInt(),
      fc.constant(undefined),
      fc.constant(Number.NaN),
    );
    const key = fc.oneof(fc.string(), fc.constant('$'));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        special,
        fc.array(tie('any')),
        fc.dictionary(key, tie('any'), { noNullPrototype: true }),
        fc.array(tie('any')).map((all) => new Set(all)),
        fc.array(fc.tuple(tie('any'), tie('any'))).map((all) => new Map(all)),
      ),
    })).any;
    fc.assert(
      fc.property(value, (one) => {
        expect(back(one)).toStrictEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps what errors carry: name, message, code, cause and own fields', () => {
    const cause = Object.assign(new TypeError('inner'), { limit: 3n });
    const error = Object.assign(new Error('outer', { cause }), { code: 'E_OUT', at: new Date(7) });
    const copy = back(error) as typeof error;
    expect(copy).toBeInstanceOf(Error);
    expect(copy).toMatchObject({ message: 'outer', code: 'E_OUT', at: new Date(7) });
    expect(copy.cause).toBeInstanceOf(TypeError);
    expect(copy.cause).toMatchObject({ message: 'inner', limit: 3n });
  });

  it('recognises our own errors after the journey, and registered classes as themselves', () => {
    class Declined extends RefusedError {
      override name = 'Declined';
    }
    const own = createCodec({ errors: [Declined] });
    const copy = own.decode(own.encode(new Declined('no', { code: 'CARD' })));
    expect(copy).toBeInstanceOf(Declined);
    expect(copy).toMatchObject({ code: 'CARD', name: 'Declined' });
    expect(RedressError.is(back(new RefusedError('no')))).toBe(true);
    expect(RedressError.is(back(new Error('no')))).toBe(false);
  });

  const ring: { self?: unknown } = {};
  ring.self = ring;

  class Account {
    constructor(readonly balance: number) {}
  }
  const refused: [string, unknown, string][] = [
    ['a function', { a: [{ f: () => 1 }] }, 'a[0].f'],
    ['a symbol', { s: Symbol('x') }, 's'],
    ['a class instance', { a: { account: new Account(1) } }, 'a.account'],
    ['a class instance in a map', { m: new Map([['k', new Account(1)]]) }, 'm.values[0]'],
    ['a field named by a symbol', { a: { [Symbol('x')]: 1 } }, 'a'],
    ['a ring', ring, 'self'],
    ['a buffer view without a type', new DataView(new ArrayBuffer(1)), ''],
    ['a promise', { p: Promise.resolve() }, 'p'],
    ['what is too deep', Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], 1), ''],
    ['an array with more than elements', { a: Object.assign([1n], { more: 2 }) }, 'a'],
  ];
  for (const [name, value, path] of refused) {
    it(`refuses ${name}, with its path`, () => {
      const error = (() => {
        try {
          codec.encode(value);
          return undefined;
        } catch (e) {
          return e;
        }
      })();
      expect(error).toBeInstanceOf(CodecError);
      expect((error as CodecError).path).toBe(path);
    });
  }

  it('keeps a class that was registered', () => {
    const type = {
      name: 'account',
      is: (v: unknown): v is Account => v instanceof Account,
      toJson: (a: unknown) => (a as Account).balance,
      fromJson: (n: unknown) => new Account(n as number),
    };
    const own = createCodec({ types: [type] });
    const copy = own.decode(own.encode({ a: [new Account(5)] })) as { a: Account[] };
    expect(copy.a[0]).toBeInstanceOf(Account);
    expect(copy.a[0]?.balance).toBe(5);
  });
});

describe('a record', () => {
  const shout = {
    name: 'shout',
    encode: (value: unknown) => Buffer.from(JSON.stringify(value).toUpperCase()),
    decode: (data: string | Uint8Array) => JSON.parse(Buffer.from(data as Uint8Array).toString()) as unknown,
  };

  it('H4 says which codec wrote it, so that another one may take over', () => {
    const old = encodeRecord(shout, ['a']);
    expect(decodeRecord([codec, shout], old)).toEqual(['A']);
    expect(decodeRecord([codec, shout], encodeRecord(codec, ['a']))).toEqual(['a']);
    expect(() => decodeRecord([codec], old)).toThrow(/codec "shout", which is not registered/);
  });

  it('H3 that is damaged is refused', () => {
    for (const damaged of ['', 'nonsense', 'json:{"a":', 'json:+{', new Uint8Array([1, 2])])
      expect(() => decodeRecord([codec], damaged)).toThrow(CodecError);
  });
});
