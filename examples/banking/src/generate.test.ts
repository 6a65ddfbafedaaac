import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeAccounts } from './accounts.js';
import { generateTransfers } from './generate.js';
import { needsReview } from './transfer.js';
import { readTransfers } from './transfers-file.js';

describe('the generator', () => {
  it('makes the same transfers for the same seed, and others for another', () => {
    expect(generateTransfers(200, 50, 7)).toBe(generateTransfers(200, 50, 7));
    expect(generateTransfers(200, 50, 7)).not.toBe(generateTransfers(200, 50, 8));
    expect(makeAccounts(50, 7)).toEqual(makeAccounts(50, 7));
    expect(makeAccounts(50, 7)).not.toEqual(makeAccounts(50, 8));
  });

  it.each([2, 3, 100])('moves money between %i accounts and to other banks, never to oneself', (count) => {
    const numbers = new Set(makeAccounts(count, 7).map(({ number }) => number));
    const { transfers, bad } = readTransfers(generateTransfers(1000, count, 7), 'generated');
    expect(bad).toEqual([]);
    expect(transfers).toHaveLength(1000);
    expect(transfers.filter(({ from }) => !numbers.has(from))).toEqual([]);
    expect(transfers.filter(({ to, bank }) => bank === undefined && !numbers.has(to))).toEqual([]);
    expect(transfers.filter(({ from, to }) => from === to)).toEqual([]);
  });

  it('has something of everything', () => {
    const { transfers } = readTransfers(generateTransfers(2000, 100, 7), 'generated');
    const share = (count: number): number => count / transfers.length;
    expect(share(transfers.filter(({ bank }) => bank !== undefined).length)).toBeCloseTo(0.35, 1);
    expect(share(transfers.filter(needsReview).length)).toBeCloseTo(0.03, 1);
    expect(transfers.some(({ bank }) => bank === 'GHOSTBANK')).toBe(true);
    expect(makeAccounts(100, 7).filter(({ closed }) => closed)).toHaveLength(2);
  });
});

describe('readTransfers', () => {
  const read = (...lines: string[]) => readTransfers(['id,from,to,bank,cents', ...lines].join('\n'), 'some.csv');

  it('reads a transfer within the bank, and one to another', () => {
    expect(read('t-1,ana,ben,,1000', 't-2,ana,x-1,NORDBANK,2000').transfers).toEqual([
      { id: 't-1', from: 'ana', to: 'ben', cents: 1000 },
      { id: 't-2', from: 'ana', to: 'x-1', bank: 'NORDBANK', cents: 2000 },
    ]);
  });

  it('sets a bad line aside with its number and a reason, and goes on', () => {
    const { transfers, bad } = read('t-1,ana,ben,,0', 't-2,ana,ana,,5', 't-3,ana,ben,,"1,5"', 't-4,ana,ben,Bank,5', 't-5,ana,ben,,5');
    expect(transfers.map(({ id }) => id)).toEqual(['t-5']);
    expect(bad).toEqual([
      { line: 2, reason: 'cents "0" is not between 1 and 100000000' },
      { line: 3, reason: 'to "ana" is the account that it comes from' },
      { line: 4, reason: 'cents "1,5" is no whole number' },
      { line: 5, reason: 'bank "Bank" is no name of a bank (capital letters, or nothing: it stays with us)' },
    ]);
  });

  it('says what the first line must be', () => {
    expect(() => readTransfers('a,b', 'some.csv')).toThrow(
      'some.csv is no transfers file: its first line must be "id,from,to,bank,cents".',
    );
  });

  it('reads the small file of the example', () => {
    const file = readFileSync(new URL('../data/transfers.csv', import.meta.url), 'utf8');
    expect(file).toBe(generateTransfers(60, 20, 7));
  });
});
