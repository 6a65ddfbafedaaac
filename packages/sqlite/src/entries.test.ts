import type { Head, Store } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDriver } from './driver/load.js';
import { placesIn, withPlaces } from './places.js';
import { NEAR } from './schema.js';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

const LENGTH = 2 * NEAR;
let place: Temporary;
let store: Store;
let head: Head;

const entry = (i: number, data = `d${i}`) => ({ key: `k${i}`, type: 't', data });
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

beforeEach(async () => {
  place = await temporary();
  store = sqliteStore(place.file);
  ({ head } = await store.commit({ id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [entry(0)] }));
  // By threes, so that one commit lies on both sides; and beside another stream, so that places are apart.
  for (let i = 1; i < LENGTH; i += 3) {
    const entries = range(i, Math.min(i + 3, LENGTH)).map((n) => entry(n));
    const other = { id: `b${i}`, expect: 'absent' as const, create: { kind: 'k', name: 'n' }, entries: [entry(0)] };
    const [done] = await Promise.all([store.commit({ id: 'a', expect: head, entries }), store.commit(other)]);
    ({ head } = done);
  }
});
afterEach(async () => {
  await store.close();
  await place.remove();
});

const indices = async (from?: number, limit?: number): Promise<number[]> => {
  const page = { ...(from === undefined ? {} : { from }), ...(limit === undefined ? {} : { limit }) };
  const entries = (await store.load('a', page))?.entries ?? [];
  for (const { index, key, data } of entries) expect([key, data]).toEqual([`k${index}`, `d${index}`]);
  return entries.map(({ index }) => index);
};

describe('a stream that is longer than what its head finds', () => {
  it('is loaded whole and by pages, on both sides and across', async () => {
    expect(await indices()).toEqual(range(0, LENGTH));
    for (const [from, limit] of [
      [0, 5],
      [NEAR - 2, 5],
      [NEAR - 2, 2],
      [NEAR, 3],
      [LENGTH - 2, 9],
      [LENGTH, 9],
    ] as const)
      expect(await indices(from, limit)).toEqual(range(from, Math.min(LENGTH, from + limit)));
    expect(await indices(NEAR + 5)).toEqual(range(NEAR + 5, LENGTH));
  });

  it.each([3, NEAR - 1, NEAR, LENGTH - 1])('refuses key %i again, by the store that wrote it and by one that did not', async (i) => {
    await using other = sqliteStore(place.file);
    for (const one of [store, other]) {
      const commit = one.commit({ id: 'a', expect: head, entries: [entry(LENGTH), entry(i, 'other')] });
      await expect(commit).rejects.toMatchObject({ reason: 'key' });
      expect(await one.commit({ id: 'a', expect: head, entries: [entry(i)] })).toMatchObject({ applied: false });
    }
    expect(await indices()).toEqual(range(0, LENGTH));
  });

  it.each([5, NEAR, NEAR + 5])('is trimmed to %i: what is before is gone, and its keys stay refused', async (trimTo) => {
    ({ head } = await store.commit({ id: 'a', expect: head, entries: [entry(LENGTH)], trimTo }));
    expect(await indices()).toEqual(range(trimTo, LENGTH + 1));
    const commit = store.commit({ id: 'a', expect: head, entries: [entry(trimTo - 1)] });
    await expect(commit).rejects.toMatchObject({ reason: 'trimmed' });
  });

  it('leaves nothing when it is dropped, and the others as they are', async () => {
    await store.drop('a', head);
    const connection = loadDriver().open(place.file);
    const { left } = connection.prepare('SELECT count(*) AS left FROM entry').get([]) as { left: number };
    connection.close();
    expect(left).toBe(Math.ceil((LENGTH - 1) / 3));
    const again = await store.commit({ id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [entry(0)] });
    expect(again.head.length).toBe(1);
    expect(await indices()).toEqual([0]);
    expect((await store.load('b1'))?.entries).toHaveLength(1);
  });
});

describe('places', () => {
  it('are runs of neighbours, up to as many as a head keeps', () => {
    const places = withPlaces(withPlaces('', 0, 2, 17), 2, 1, 40);
    expect(places).toBe('17+2,40+1');
    expect(placesIn(places)).toEqual([17, 18, 40]);
    expect(withPlaces('x', NEAR - 1, 3, 9)).toBe('x,9+1');
    expect(withPlaces('x', NEAR, 3, 9)).toBe('x');
    expect(placesIn('')).toEqual([]);
  });
});
