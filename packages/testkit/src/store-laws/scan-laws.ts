import { expect } from 'vitest';
import type { Head, Query, Store } from '@redress/core';
import { append, create, creation, range } from './lab.js';
import type { Law } from './lab.js';

async function pages(store: Store, query: Query, between?: (page: number) => Promise<void>): Promise<Head[]> {
  const heads: Head[] = [];
  let after: string | undefined;
  for (let page = 0; page < 200; page += 1) {
    const found = await store.scan(after === undefined ? query : { ...query, after });
    expect(found.heads.length).toBeLessThanOrEqual(query.limit ?? 100);
    heads.push(...found.heads);
    if (found.next === undefined) return heads;
    after = found.next;
    await between?.(page);
  }
  throw new Error('The pages never ended.');
}

async function ids(store: Store, query: Query): Promise<string[]> {
  return (await pages(store, query)).map(({ id }) => id);
}

export function scanLaws(law: Law): void {
  law('pages by id hold every stream once, in code unit order', async ({ store, other }) => {
    const names = ['b', 'a', 'B', 'a/1', 'a-1', 'a1', 'ä', '中', '\ud83d\ude00', '\uff5e', '10', '9', ' ', 'zz', 'z\u0001'];
    for (const id of names) await create(store, id);
    const order = names.toSorted((a, b) => (a < b ? -1 : 1));
    for (const limit of [1, 4, 15, 16, 100]) expect(await ids(other, { limit })).toEqual(order);
    expect(await ids(other, { order: 'id', limit: 7 })).toEqual(order);
  });

  law('the heads of a page are the heads of a load', async ({ store, other }) => {
    const head = await create(store, 'a', {
      status: 's',
      owner: 'w',
      wake: { at: 4 },
      claims: 2,
      meta: new Uint8Array([1]),
      tags: { t: 'v' },
    });
    expect((await other.scan({})).heads).toEqual([head]);
    expect((await other.scan({ order: 'wake' })).heads).toEqual([head]);
  });

  law('pages by wake hold every stream that is ever due once, those due first in front', async ({ store, other }) => {
    const moments = [30, 10, 10, 10, 20, 1_700_000_000_000.5, 10, 5, 0, 30];
    for (const [i, at] of moments.entries()) await create(store, `s${i}`, { wake: { at } });
    await create(store, 'never');
    const order = ['s8', 's7', 's1', 's2', 's3', 's6', 's4', 's0', 's9', 's5'];
    for (const limit of [1, 2, 3, 10, 11]) expect(await ids(other, { order: 'wake', limit })).toEqual(order);
    expect(await ids(other, { order: 'wake', kind: 'law', limit: 3 })).toEqual(order);
    expect(await ids(other, { order: 'wake', kind: 'none' })).toEqual([]);
  });

  law('a page has a next while there is more, and a full last page ends the same way', async ({ store }) => {
    for (const i of range(4)) await create(store, `s${i}`);
    expect((await store.scan({ limit: 3 })).next).toBeDefined();
    expect(await ids(store, { limit: 2 })).toHaveLength(4);
    expect((await store.scan({ limit: 5 })).next).toBeUndefined();
    expect(await store.scan({ kind: 'none' })).toEqual({ heads: [] });
  });

  law('kind, name, status and tag select, each alone and all together', async ({ store, other }) => {
    for (const i of range(24)) {
      const of = { kind: i % 2 === 0 ? 'saga' : 'timer', name: `n${i % 3}` };
      const head = { status: `s${i % 4}`, tags: i % 5 === 0 ? { group: 'five', nr: String(i) } : {}, wake: { at: i } };
      await store.commit({ ...creation(`${String(i).padStart(2, '0')}`, head), create: of });
    }
    const want = (keep: (i: number) => boolean): string[] =>
      range(24)
        .filter(keep)
        .map((i) => String(i).padStart(2, '0'));
    const five = { key: 'group', value: 'five' };
    const cases: readonly [Query, (i: number) => boolean][] = [
      [{ kind: 'saga' }, (i) => i % 2 === 0],
      [{ name: 'n1' }, (i) => i % 3 === 1],
      [{ status: ['s1'] }, (i) => i % 4 === 1],
      [{ status: ['s1', 's3', 'none'] }, (i) => i % 2 === 1],
      [{ status: [] }, () => false],
      [{ tag: five }, (i) => i % 5 === 0],
      [{ tag: { key: 'nr', value: '15' } }, (i) => i === 15],
      [{ tag: { key: 'nr', value: 'five' } }, () => false],
      [{ tag: { key: 'toString', value: 'five' } }, () => false],
      [{ kind: 'saga', name: 'n2', status: ['s0', 's2'], tag: five }, (i) => i % 2 === 0 && i % 3 === 2 && i % 5 === 0],
    ];
    for (const [query, keep] of cases) {
      expect(await ids(other, { ...query, limit: 2 })).toEqual(want(keep));
      expect(await ids(other, { ...query, limit: 2, order: 'wake' })).toEqual(want(keep));
    }
  });

  law('new tags replace all tags, and the old ones are found no more', async ({ store, other }) => {
    const tags = { a: '1', b: '2', ['__proto__']: 'p', constructor: 'c' };
    const first = await create(store, 's', { tags });
    const found = (await pages(other, {}))[0]?.tags ?? {};
    expect(new Map(Object.entries(found))).toEqual(new Map(Object.entries(tags)));
    expect(await ids(other, { tag: { key: '__proto__', value: 'p' } })).toEqual(['s']);
    const second = await append(other, first, 'k1', { tags: { b: '3', c: '1' } });
    expect(second.tags).toEqual({ b: '3', c: '1' });
    for (const [key, value] of [
      ['a', '1'],
      ['b', '2'],
      ['c', '2'],
    ] as const) {
      expect(await ids(store, { tag: { key, value } })).toEqual([]);
    }
    for (const [key, value] of [
      ['b', '3'],
      ['c', '1'],
    ] as const) {
      expect(await ids(store, { tag: { key, value } })).toEqual(['s']);
    }
    await append(store, second, 'k2', { tags: {} });
    expect(await ids(other, { tag: { key: 'b', value: '3' } })).toEqual([]);
  });

  law('a page shows the streams that are there when it is asked for', async ({ store, other }) => {
    const b = await create(store, 'b');
    expect(await ids(other, {})).toEqual(['b']);
    await create(store, 'a');
    expect(await ids(other, {})).toEqual(['a', 'b']);
    await store.drop('b', b);
    expect(await ids(other, {})).toEqual(['a']);
  });

  law('a status is found under its new value and not under its old one', async ({ store, other }) => {
    const head = await create(store, 'a', { status: 'running' });
    await append(store, head, 'k1', { status: 'stuck' });
    expect(await ids(other, { status: ['running'] })).toEqual([]);
    expect(await ids(other, { status: ['stuck'] })).toEqual(['a']);
  });

  law('streams that do not change are met exactly once while others come, move and go', async ({ store, other }) => {
    const still = range(30).map((i) => `still${String(i).padStart(2, '0')}`);
    for (const [i, id] of still.entries()) await create(store, id, { wake: { at: 100 + i } });
    for (const order of ['id', 'wake'] as const) {
      const found = await pages(other, { order, limit: 4 }, async (page) => {
        for (const at of [1, 115, 900]) {
          const id = `${order}-${page}-${at}`;
          const head = await create(store, `still0${id}`, { wake: { at } });
          if (at === 115) await append(store, head, 'k1', { wake: { at: 101 } });
          if (at === 900) await store.drop(head.id, head);
        }
      });
      const met = found.map(({ id }) => id);
      expect(met.filter((id) => still.includes(id)).toSorted()).toEqual(still);
    }
  });
}
