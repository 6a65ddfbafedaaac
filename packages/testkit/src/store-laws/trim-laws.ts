import { expect } from 'vitest';
import type { Head, Store } from '@redress/core';
import { create, entriesOf, entry, headOf, keysOf, next, range, refused } from './lab.js';
import type { Law } from './lab.js';

/** A stream of ten entries, k1 to k9 after `created`. */
async function ten(store: Store): Promise<Head> {
  const head = await create(store, 'a');
  return (
    await store.commit(
      next(
        head,
        range(9).map((i) => entry(`k${i + 1}`)),
      ),
    )
  ).head;
}

export function trimLaws(law: Law): void {
  law('trimmed entries are gone, the others keep their index, and the length stays', async ({ store, other }) => {
    const head = await ten(store);
    const trimmed = (await store.commit(next(head, [entry('k10')], { trimTo: 4 }))).head;
    expect(trimmed.length).toBe(11);
    const left = await entriesOf(other, 'a');
    expect(left.map(({ index }) => index)).toEqual(range(7).map((i) => i + 4));
    expect(left[0]).toMatchObject({ index: 4, key: 'k4', data: 'data of k4' });
    expect(await headOf(other, 'a')).toEqual(trimmed);
  });

  law('a load from before the first kept entry starts there', async ({ store, other }) => {
    await store.commit(next(await ten(store), [entry('k10')], { trimTo: 4 }));
    const keys = async (page: { from?: number; limit?: number }): Promise<unknown> =>
      (await other.load('a', page))?.entries.map(({ key }) => key);
    expect(await keys({ limit: 2 })).toEqual(['k4', 'k5']);
    expect(await keys({ from: 1, limit: 2 })).toEqual(['k4', 'k5']);
    expect(await keys({ from: 5, limit: 2 })).toEqual(['k5', 'k6']);
    expect(await keys({ from: 10 })).toEqual(['k10']);
  });

  law('keys of trimmed entries stay refused: trimmed', async ({ store, other }) => {
    const head = (await store.commit(next(await ten(store), [entry('k10')], { trimTo: 4 }))).head;
    for (const connection of [store, other]) {
      await refused(connection.commit(next(head, [entry('k3')])), 'trimmed');
      await refused(connection.commit(next(head, [entry('k3', 'other')])), 'trimmed');
      await refused(connection.commit(next(head, [entry('new'), entry('k3')])), 'trimmed');
      await refused(connection.commit(next(head, [entry('k4'), entry('k3')])), 'trimmed');
      await refused(connection.commit(next({ ...head, version: 1 }, [entry('created')])), 'trimmed');
      expect(await connection.commit(next(head, [entry('k4')]))).toEqual({ head, applied: false });
    }
  });

  law('indices go on after a trim, and trims add up', async ({ store, other }) => {
    let head = (await store.commit(next(await ten(store), [entry('k10')], { trimTo: 4 }))).head;
    head = (await other.commit(next(head, [entry('k11')], { trimTo: 2 }))).head;
    expect((await entriesOf(store, 'a'))[0]?.index).toBe(4);
    head = (await store.commit(next(head, [entry('k12')], { trimTo: 11 }))).head;
    expect((await entriesOf(other, 'a')).map(({ index, key }) => [index, key])).toEqual([
      [11, 'k11'],
      [12, 'k12'],
    ]);
    await refused(other.commit(next(head, [entry('k10')])), 'trimmed');
    expect(head.length).toBe(13);
  });

  law('a trim beyond the end leaves no entries, and the stream goes on', async ({ store, other }) => {
    let head = (await store.commit(next(await ten(store), [entry('k10')], { trimTo: 500 }))).head;
    expect([head.length, await entriesOf(other, 'a')]).toEqual([11, []]);
    await refused(store.commit(next(head, [entry('k10')])), 'trimmed');
    head = (await other.commit(next(head, [entry('k11')], { trimTo: 0 }))).head;
    expect((await entriesOf(store, 'a')).map(({ index }) => index)).toEqual([11]);
    expect(await keysOf(other, 'a')).toEqual(['k11']);
  });
}
