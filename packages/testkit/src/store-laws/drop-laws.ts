import { expect } from 'vitest';
import { append, create, entry, headOf, keysOf, next, refused } from './lab.js';
import type { Law } from './lab.js';

export function dropLaws(law: Law): void {
  law('a dropped stream is gone: for loads, scans, claims and renewals', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w', status: 's', wake: { at: 1 }, tags: { t: 'v' } });
    expect(await other.drop('a', head)).toBe(true);
    for (const connection of [store, other]) {
      expect(await connection.load('a')).toBeUndefined();
      for (const query of [{}, { order: 'wake' }, { status: ['s'] }, { tag: { key: 't', value: 'v' } }] as const) {
        expect((await connection.scan(query)).heads).toEqual([]);
      }
      expect(await connection.claim({ owner: 'x', kinds: ['law'], leaseMs: 1_000, limit: 9 })).toEqual([]);
      expect(await connection.renew('w', ['a'], 1_000)).toEqual([{ id: 'a', owner: null, version: 0 }]);
      expect(await connection.drop('a', head)).toBe(false);
      await refused(connection.commit(next(head, [entry('k1')])), 'missing');
    }
  });

  law('dropping with an old version or another stamp is refused', async ({ store, other }) => {
    const first = await create(store, 'a');
    const head = await append(store, first, 'k1');
    await refused(other.drop('a', first), 'version');
    await refused(other.drop('a', { version: head.version, stamp: first.stamp }), 'version');
    await refused(other.drop('a', { version: first.version, stamp: head.stamp }), 'version');
    expect(await headOf(store, 'a')).toEqual(head);
  });

  law('dropping what never was is false', async ({ store }) => {
    expect(await store.drop('never', { version: 1, stamp: 'x' })).toBe(false);
  });

  law('an id can be used again, with its old keys', async ({ store, other }) => {
    const old = await append(store, await create(store, 'a', { status: 's', tags: { t: 'v' }, meta: 'm' }), 'k1');
    await store.drop('a', old);
    const head = await create(other, 'a');
    expect(head).toMatchObject({ version: 1, length: 1, status: '', meta: '', tags: {} });
    await append(other, head, 'k1');
    expect(await keysOf(store, 'a')).toEqual(['created', 'k1']);
  });

  law('a writer from before a drop is refused although the version is the same again', async ({ store, other }) => {
    const old = await append(store, await create(store, 'a'), 'k1');
    await other.drop('a', old);
    const head = await append(other, await create(other, 'a'), 'k1');
    expect(head.version).toBe(old.version);
    await refused(store.commit(next(old, [entry('late')])), 'version');
    await refused(store.drop('a', old), 'version');
    expect(await keysOf(other, 'a')).toEqual(['created', 'k1']);
  });

  law('other streams are left alone', async ({ store, other }) => {
    const [a, b] = [await create(store, 'a', { tags: { t: 'v' } }), await create(store, 'b', { tags: { t: 'v' } })];
    await other.drop('a', a);
    expect((await store.scan({ tag: { key: 't', value: 'v' } })).heads).toEqual([b]);
    expect(await keysOf(store, 'b')).toEqual(['created']);
  });
}
