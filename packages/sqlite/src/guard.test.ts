import type { Change, Store } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
let store: Store;
let other: Store;
beforeEach(async () => {
  place = await temporary();
  store = sqliteStore(place.file);
  other = sqliteStore(place.file);
});
afterEach(async () => {
  await store.close();
  await other.close();
  await place.remove();
});

const entry = (key: string) => ({ key, type: 't', data: 'x' });
// Of somebody: such heads are remembered by the store that wrote them.
const creation: Change = { id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [entry('k0')], head: { owner: 'w' } };

describe('a head that a store remembers', () => {
  it('is not trusted when another process has moved it on', async () => {
    const { head } = await store.commit(creation);
    await other.commit({ id: 'a', expect: head, entries: [entry('k1')] });
    await expect(store.commit({ id: 'a', expect: head, entries: [entry('k2')] })).rejects.toMatchObject({ reason: 'version' });
    expect((await other.load('a'))?.entries.map(({ key }) => key)).toEqual(['k0', 'k1']);
  });

  it('is not trusted when another process has dropped it and made it anew, at the same version', async () => {
    const { head } = await store.commit(creation);
    await other.drop('a', head);
    await other.commit(creation);
    await expect(store.commit({ id: 'a', expect: head, entries: [entry('k2')] })).rejects.toMatchObject({ reason: 'version' });
    expect((await other.load('a'))?.entries.map(({ key }) => key)).toEqual(['k0']);
  });
});
