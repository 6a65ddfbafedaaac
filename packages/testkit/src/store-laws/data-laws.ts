import { expect } from 'vitest';
import type { Data, Store } from '@redress/core';
import { create, creation, entriesOf, entry, headOf, keysOf, next, range } from './lab.js';
import type { Law } from './lab.js';

const TEXTS: readonly string[] = [
  '',
  ' ',
  'a\0b',
  '\0',
  '\u0001\u001f\u007f\r\n\t\\"\'%_?$1:x',
  'äöü 中文 \u2028\u2029 \ufeff\uffff\ue000\ue001\ue002',
  '\ud83d\ude00 \ud83d\udc69\u200d\ud83d\ude80',
  '\ue000\ud83d\ude00',
  '{"json":[1,2,"\\u0000"]}',
  'null',
  '0123',
  '1e3',
  'x'.repeat(1_048_576),
];

const BYTES: readonly Uint8Array[] = [
  new Uint8Array(0),
  new Uint8Array([0]),
  new Uint8Array([97]),
  Uint8Array.from(range(256)),
  new Uint8Array([0xed, 0xa0, 0x80, 0xff, 0xfe]),
  Buffer.from('text as bytes'),
  Uint8Array.from(range(20)).subarray(5, 9),
  new Uint8Array(1_048_576).fill(7),
];

/** Equal in kind and content; quicker for a megabyte than a general comparison. */
function same(found: Data | undefined, given: Data): boolean {
  if (typeof found === 'string' || typeof given === 'string') return found === given;
  return found instanceof Uint8Array && Buffer.from(found).equals(given);
}

async function keeps(store: Store, other: Store, id: string, data: Data): Promise<void> {
  const { head } = await store.commit(creation(id, { meta: data }, [entry('k', data)]));
  for (const connection of [store, other]) {
    expect(same((await entriesOf(connection, id))[0]?.data, data)).toBe(true);
    expect(same((await headOf(connection, id)).meta, data)).toBe(true);
  }
  expect(same(head.meta, data)).toBe(true);
  expect((await other.commit(creation(id, {}, [entry('k', data)]))).applied).toBe(false);
}

export function dataLaws(law: Law): void {
  law('text comes back as the same text: empty, with NUL, beyond the BMP, a million characters', async ({ store, other }) => {
    for (const [i, text] of TEXTS.entries()) await keeps(store, other, `s${i}`, text);
  });

  law('bytes come back as the same bytes: none, all values, a part of a buffer, a million', async ({ store, other }) => {
    for (const [i, bytes] of BYTES.entries()) await keeps(store, other, `s${i}`, bytes);
  });

  law('text with a lone surrogate comes back exactly or is refused as an argument, and is never changed', async ({ store, other }) => {
    for (const [i, text] of ['\ud800', 'a\udfffb', '\udc00\ud800', '\ud83d'].entries()) {
      const change = creation(`s${i}`, { meta: text }, [entry('k', text)]);
      const written = await store.commit(change).catch((error: unknown) => error);
      if (written instanceof Error) expect(written).toMatchObject({ code: 'STORE_ARGUMENT' });
      else expect([(await entriesOf(other, `s${i}`))[0]?.data, (await headOf(other, `s${i}`)).meta]).toEqual([text, text]);
    }
  });

  law('so with names: two that differ in a lone surrogate are two, or are refused', async ({ store, other }) => {
    const names = ['\ud800', '\ud801', '\ufffd', 'a\udc00'];
    for (const name of names) {
      const change = { ...creation(name, { status: name, owner: name, tags: { [name]: name } }, [entry(name, name, name)]) };
      const written = await store.commit(change).catch((error: unknown) => error);
      if (written instanceof Error) {
        expect(written).toMatchObject({ code: 'STORE_ARGUMENT' });
        continue;
      }
      expect(written).toMatchObject({ applied: true });
      expect(await headOf(other, name)).toMatchObject({ id: name, status: name, owner: name, tags: { [name]: name } });
      expect((await entriesOf(other, name))[0]).toMatchObject({ key: name, type: name });
      expect((await other.scan({ tag: { key: name, value: name } })).heads.map(({ id }) => id)).toEqual([name]);
    }
  });

  law('names may be any text: quotes, blanks, signs, beyond the BMP, 512 characters', async ({ store, other }) => {
    const names = [
      "o'hara; --",
      '"',
      '*',
      '%_',
      '[a]',
      '{b}',
      'a:b:c',
      ':',
      'a/b',
      '\\',
      '\n',
      '😀中ä',
      '__proto__',
      'x'.repeat(512),
      '😀'.repeat(256),
    ];
    for (const name of names) {
      const head = { status: name, owner: name, tags: { [name]: name }, wake: { at: 1 } };
      await store.commit({ ...creation(name, head, [entry(name, name, name)]), create: { kind: name, name } });
      expect(await headOf(other, name)).toMatchObject({ id: name, kind: name, name, status: name, owner: name, wakeAt: 1 });
      expect((await entriesOf(other, name))[0]).toMatchObject({ key: name, type: name, data: name });
      expect((await other.scan({ tag: { key: name, value: name }, status: [name, '-'] })).heads.map(({ id }) => id)).toEqual([name]);
      const taken = await other.claim({ owner: `${name}`, kinds: [name], names: [name], leaseMs: 60_000, limit: 5 });
      expect(taken.map(({ id }) => id)).toEqual([name]);
      expect(await store.renew(name, [name], 60_000)).toEqual([{ id: name, owner: name, version: 2 }]);
    }
    expect((await other.scan({})).heads).toHaveLength(names.length);
  });

  law('a stream of ten thousand entries is written and loaded in pages', async ({ store, other }) => {
    let head = await create(store, 'a');
    for (const block of range(10)) {
      const entries = range(block === 9 ? 999 : 1_000).map((i) => entry(`k${block * 1_000 + i}`, `${block * 1_000 + i}`));
      head = (await store.commit(next(head, entries))).head;
    }
    expect(head.length).toBe(10_000);
    let from = 0;
    for (;;) {
      const page = await other.load('a', { from, limit: 700 });
      const entries = page?.entries ?? [];
      expect(entries.map(({ index }) => index)).toEqual(range(entries.length).map((i) => from + i));
      if (entries.length < 700) break;
      from += 700;
    }
    expect((await other.load('a', { from: 9_999 }))?.entries[0]).toMatchObject({ key: 'k9998', data: '9998' });
    expect(await keysOf(store, 'a')).toHaveLength(10_000);
    await expect(other.commit(next(head, [entry('k5000', 'other')]))).rejects.toMatchObject({ reason: 'key' });
    expect((await other.commit(next(head, [entry('k9998', '9998'), entry('k0', '0')]))).applied).toBe(false);
  });
}
