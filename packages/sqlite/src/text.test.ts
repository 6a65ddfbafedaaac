import { describe, expect, it } from 'vitest';
import { dataIn, dataOut, nameIn, nameOut } from './text.js';

const UNITS = [
  '\u0001',
  'a',
  'z',
  '\u07ff',
  '\ud7ff',
  '\ud800',
  '\ud83d',
  '\udbff',
  '\udc00',
  '\ude00',
  '\udfff',
  '\ue000',
  '\ue001',
  '\ue002',
  '\uffff',
];

/** All texts of up to three of the units around which things change. */
function texts(): string[] {
  const two = UNITS.flatMap((a) => ['', ...UNITS].map((b) => a + b));
  return two.flatMap((a) => ['', ...UNITS].map((b) => a + b));
}

describe('text in the file', () => {
  it('comes back, whatever it is', () => {
    for (const text of [...texts(), '', '\0', 'a\0\ue002\0']) expect([dataOut(dataIn(text)), nameOut(nameIn(text))]).toEqual([text, text]);
  });

  it('has nothing in it that UTF-8 or a driver would spoil', () => {
    for (const text of [...texts(), 'a\0b']) {
      for (const stored of [nameIn(text), dataIn(text) as string]) {
        expect(Buffer.from(stored).toString()).toBe(stored);
        expect(stored.includes('\0')).toBe(false);
      }
    }
  });

  it('sorts by bytes as names sort by code units', () => {
    const sorted = [...new Set(texts())].sort();
    const byBytes = sorted.toSorted((a, b) => Buffer.compare(Buffer.from(nameIn(a)), Buffer.from(nameIn(b))));
    expect(byBytes).toEqual(sorted);
  });

  it('is itself when nothing in it is rare', () => {
    for (const text of ['orders/17', 'äöü 中文', '{"a":"😀"}']) expect(dataIn(text)).toBe(text);
    expect(nameIn('orders/17 äöü 中文')).toBe('orders/17 äöü 中文');
  });
});
