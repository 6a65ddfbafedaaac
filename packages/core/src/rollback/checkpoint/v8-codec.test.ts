import { describe, expect, it } from 'vitest';
import { UnsupportedValueError } from './errors.js';
import { probes, same, Money, MONEY } from './probes.fixture.js';
import { v8Codec } from './v8-codec.js';

function attempt(fn: () => unknown): unknown {
  try {
    return fn();
  } catch (error) {
    return error;
  }
}

describe('the codec of states', () => {
  const codec = v8Codec();

  it.each(probes)('CK1 %s comes back as it was, or is refused with its path', (_, value, fate, path) => {
    const through = (): unknown => (codec.decode(codec.encode({ value })) as { value: unknown }).value;
    const outcome = attempt(through);
    const isRefused = outcome instanceof UnsupportedValueError && outcome.path === (path ?? 'value');
    expect({ isRefused, isKept: same(outcome, value) }).toEqual({ isRefused: fate === 'refused', isKept: fate === 'kept' });
  });

  it('CK3 hands out copies: what is done to them does not reach what is stored', () => {
    const stored = codec.encode({ a: new Uint8Array([1, 2, 3]), b: Buffer.from('text'), c: new DataView(new ArrayBuffer(2)) });
    const first = codec.decode(stored) as { a: Uint8Array; b: Buffer; c: DataView };
    expect(first.a.buffer.byteLength).toBe(3);
    first.a[0] = 99;
    first.b[0] = 99;
    first.c.setUint8(0, 99);
    const again = codec.decode(stored) as typeof first;
    expect([again.a[0], again.b.toString(), again.c.getUint8(0)]).toEqual([1, 'text', 0]);
  });

  it('keeps registered classes as themselves, wherever they stand and however often', () => {
    const own = v8Codec([MONEY]);
    const euro = new Money(5n, 'EUR');
    const value = {
      euro,
      again: euro,
      list: [new Map([['a', new Set([euro])]])],
      date: new Date(1),
      bare: Object.assign(Object.create(null), { euro }),
    };
    const back = own.decode(own.encode(value)) as typeof value;
    expect(back.euro).toBeInstanceOf(Money);
    expect(back.euro).toEqual(euro);
    expect(back.again).toBe(back.euro);
    expect([...(back.list[0]?.get('a') ?? [])][0]).toBe(back.euro);
    expect(back.bare.euro).toBe(back.euro);
    expect(Object.getPrototypeOf(back.bare)).toBe(null);
    expect(same(back.date, value.date)).toBe(true);
    expect(() => codec.encode(value)).toThrow(/euro is an object of the class Money/);
    expect(() => codec.decode(own.encode(value))).toThrow(/"money" is not registered/);
  });

  it('gives nobody a prototype by a key', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as object;
    const back = codec.decode(codec.encode({ value, url: new URL('https://a.b/') })) as { value: object };
    expect(Object.getPrototypeOf(back.value)).toBe(Object.prototype);
    expect(Object.keys(back.value)).toEqual(['__proto__', 'constructor']);
    expect('polluted' in {}).toBe(false);
  });

  it('refuses what is damaged', () => {
    expect(() => codec.decode('text')).toThrow(/no record/);
    expect(() => codec.decode(Buffer.from([1, 2, 3]))).toThrow(/no record/);
  });
});
