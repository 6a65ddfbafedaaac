import { describe, expect, it } from 'vitest';
import { Partition, partitionOf } from './layout.js';
import { nameIn, nameOut, pack, unpack } from './text.js';

describe('the partition of a stream', () => {
  it('is the same for all time', () => {
    const ids = ['', 'a', 'saga/orders/o-1', 'saga/orders/o-2', '中😀'];
    expect(ids.map((id) => partitionOf(id, 16))).toEqual([1, 7, 13, 11, 8]);
    expect(ids.map((id) => partitionOf(id, 1024))).toEqual([257, 199, 45, 59, 56]);
    expect(ids.map((id) => partitionOf(id, 1))).toEqual([0, 0, 0, 0, 0]);
  });

  it('spreads ids that are much alike', () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 16_000; i += 1) counts[partitionOf(`saga/orders/o-${i}`, 16)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});

describe('the keys of a partition', () => {
  const tagOf = (key: string): string | undefined => /^[^{]*\{([^}]+)\}/.exec(key)?.[1];

  it('share one hash tag, whatever the namespace and the names are', () => {
    for (const namespace of ['n', 'n}', '{', '}{', 'a/b%', '中\ud800']) {
      const partition = new Partition(namespace, 3);
      const keys = [partition.record, partition.index, partition.stream('}x{'), partition.due('}{\0{y}')];
      expect(new Set(keys.map(tagOf)).size).toBe(1);
      expect(tagOf(keys[0] ?? '')).toMatch(/:3$/);
    }
  });

  it('are kept apart where names look alike', () => {
    const partition = new Partition('n', 0);
    const dues = ['a/b\0c', 'a\0b/c', 'a%2fb\0c', 'a\0c', 'A\0c'].map((pair) => partition.due(pair));
    expect(new Set(dues).size).toBe(dues.length);
    const tags = ['n', 'n%', 'n{', 'n%7b', 'n:0'].flatMap((name) => [0, 1].map((number) => new Partition(name, number).record));
    expect(new Set(tags).size).toBe(tags.length);
  });
});

const UNITS = ['\u0001', 'a', '\u07ff', '\ud7ff', '\ud800', '\ud83d', '\udbff', '\udc00', '\udfff', '\ue000', '\ue001', '\uffff'];
const TEXTS = UNITS.flatMap((a) => ['', ...UNITS].flatMap((b) => ['', ...UNITS].map((c) => a + b + c)));

describe('text on the way to Redis', () => {
  it('comes back, and is what UTF-8 carries', () => {
    for (const text of TEXTS) {
      expect(nameOut(Buffer.from(nameIn(text)).toString())).toBe(text);
      expect(unpack(Buffer.from(pack('', text)))).toBe(text);
    }
  });

  it('sorts by bytes as names sort by code units', () => {
    const sorted = [...new Set(TEXTS)].sort();
    expect(sorted.toSorted((a, b) => Buffer.compare(Buffer.from(nameIn(a)), Buffer.from(nameIn(b))))).toEqual(sorted);
  });

  it('tells bytes from text of the same content', () => {
    expect(unpack(Buffer.from(pack('', new Uint8Array([97]))))).toEqual(new Uint8Array([97]));
    expect(pack('', new Uint8Array([97]))).not.toEqual(Buffer.from(pack('', 'a')));
  });
});
