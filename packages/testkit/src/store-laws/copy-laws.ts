import { expect } from 'vitest';
import type { Data, Entry, Head } from '@redress/core';
import { create, creation, entriesOf, entry, headOf, next } from './lab.js';
import type { Law } from './lab.js';

/** Does to a value whatever can be done to it; frozen parts refuse, which is as good as a copy. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) {
    value.fill(66);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    spoil((value as Record<string, unknown>)[key]);
    Reflect.set(value, key, 'spoilt');
  }
  Reflect.set(value, 'added', 'spoilt');
}

export function copyLaws(law: Law): void {
  law('what a caller does to its change after the call changes nothing', async ({ store, other }) => {
    const change = (): { data: Uint8Array; meta: Uint8Array; tags: Record<string, string> } => {
      return { data: new Uint8Array([1, 2]), meta: new Uint8Array([3, 4]), tags: { t: 'v' } };
    };
    const [first, second] = [change(), change()];
    const entries = [entry('k0', first.data)];
    const wake = { at: 5 };
    const creating = creation('a', { meta: first.meta, tags: first.tags, wake }, entries);
    const created = store.commit(creating);
    spoil(first);
    spoil(wake);
    spoil(creating.create);
    entries.push(entry('sneaked in'));
    const { head } = await created;
    const expected = { version: head.version, stamp: head.stamp };
    const advanced = store.commit({
      ...next(head, [entry('k1', second.data)], { head: { meta: second.meta, tags: second.tags } }),
      expect: expected,
    });
    spoil(second);
    spoil(expected);
    await advanced;
    for (const connection of [store, other]) {
      expect((await entriesOf(connection, 'a')).map(({ data }) => data)).toEqual([new Uint8Array([1, 2]), new Uint8Array([1, 2])]);
      const kept = { kind: head.kind, name: head.name, meta: new Uint8Array([3, 4]), tags: { t: 'v' }, length: 2, wakeAt: 5 };
      expect(await headOf(connection, 'a')).toMatchObject(kept);
    }
  });

  law('what a caller does to its other questions after the call changes nothing', async ({ store }) => {
    const head = await create(store, 'a', { wake: { at: 1 } });
    const [kinds, names] = [[head.kind], [head.name]];
    const wanted = { owner: 'w', kinds, names, leaseMs: 60_000, limit: 1 };
    const claiming = store.claim(wanted);
    for (const one of [kinds, names, wanted]) spoil(one);
    const [claimed] = await claiming;
    expect(claimed).toMatchObject({ id: 'a', owner: 'w' });
    const expected = { version: claimed?.version ?? 0, stamp: claimed?.stamp ?? '' };
    const dropping = store.drop('a', expected);
    spoil(expected);
    expect(await dropping).toBe(true);
  });

  law('what a caller does to an answer changes nothing', async ({ store, other }) => {
    const bytes = (): Data => new Uint8Array([1, 2]);
    const created = await store.commit(creation('a', { meta: bytes(), wake: { at: 1 }, tags: { t: 'v' } }, [entry('k0', bytes())]));
    const was = { ...created.head, meta: bytes(), tags: { t: 'v' } };
    const check = async (): Promise<void> => {
      for (const connection of [store, other]) {
        expect(await headOf(connection, 'a')).toEqual(was);
        expect((await entriesOf(connection, 'a'))[0]?.data).toEqual(bytes());
      }
    };
    spoil(created);
    await check();
    spoil(await store.load('a'));
    await check();
    spoil(await store.scan({}));
    spoil(await store.scan({ order: 'wake' }));
    await check();
    spoil(await store.commit(creation('a', {}, [entry('k0', bytes())])));
    await check();
    const claimed = await store.claim({ owner: 'w', kinds: ['law'], leaseMs: 60_000, limit: 1 });
    Object.assign(was, { ...claimed[0], meta: bytes(), tags: { t: 'v' } } satisfies Partial<Head>);
    spoil(claimed);
    await check();
    spoil(await store.renew('w', ['a'], 60_000));
    was.wakeAt = (await headOf(other, 'a')).wakeAt;
    await check();
    // A store may remember what it has answered: the next answers show what it remembers.
    for (const key of ['k1', 'k2', 'k3']) {
      const { head } = await store.commit(next(was, [entry(key)]));
      expect(head).toEqual({ ...was, version: was.version + 1, stamp: head.stamp, length: was.length + 1 });
      Object.assign(was, { version: head.version, stamp: head.stamp, length: head.length });
      spoil(head.meta);
      await check();
    }
  });

  law('a later commit does not change what was answered before', async ({ store }) => {
    const first = await create(store, 'a', { status: 'before', tags: { t: 'before' } });
    const loaded = await store.load('a');
    const copy = structuredClone({ first, loaded });
    await store.commit(next(first, [entry('k1')], { head: { status: 'after', tags: { t: 'after' }, meta: 'm' }, trimTo: 1 }));
    expect({ first, loaded }).toEqual(copy);
    const entries: readonly Entry[] = loaded?.entries ?? [];
    expect(entries).toHaveLength(1);
  });
}
