import { expect } from 'vitest';
import { append, create, entry, headOf, keysOf, next, range, refused } from './lab.js';
import type { Law } from './lab.js';

export function atomicLaws(law: Law): void {
  law('a commit starts a stream at version 1 with all of its head', async ({ store, other }) => {
    const tags = { order: 'o-1' };
    const patch = { status: 'running', owner: 'w', wake: { at: 5 }, claims: 3, meta: 'm', tags };
    const { head, applied } = await store.commit({
      id: 'a',
      expect: 'absent',
      create: { kind: 'saga', name: 'orders' },
      entries: [entry('k0'), entry('k1')],
      head: patch,
    });
    expect(applied).toBe(true);
    expect(head).toMatchObject({ id: 'a', kind: 'saga', name: 'orders', version: 1, length: 2, status: 'running' });
    expect(head).toMatchObject({ owner: 'w', wakeAt: 5, claims: 3, meta: 'm', tags });
    expect(head.stamp).not.toBe('');
    expect(await headOf(other, 'a')).toEqual(head);
  });

  law('what a commit does not name stays as it was', async ({ store, other }) => {
    const first = await create(store, 'a', { status: 'running', owner: 'w', wake: { at: 7 }, claims: 2, meta: 'm', tags: { t: 'v' } });
    const second = await append(store, first, 'k1');
    expect(second).toEqual({ ...first, version: 2, stamp: second.stamp, length: 2 });
    expect(await headOf(other, 'a')).toEqual(second);
  });

  law('a head that was never patched has empty fields', async ({ store }) => {
    const head = await create(store, 'a');
    expect(head).toMatchObject({ status: '', owner: null, wakeAt: null, claims: 0, meta: '', tags: {} });
  });

  law('each commit moves the version by one and writes a new stamp', async ({ store }) => {
    let head = await create(store, 'a');
    const stamps = new Set([head.stamp]);
    for (const i of range(20)) {
      head = await append(store, head, `k${i}`);
      expect(head.version).toBe(i + 2);
      stamps.add(head.stamp);
    }
    expect(stamps.size).toBe(21);
  });

  law('the head that a commit answers is the head that a load finds', async ({ store, other }) => {
    let head = await create(store, 'a', { owner: 'w' });
    for (const patch of [
      { status: 's' },
      { meta: new Uint8Array([1]) },
      { wake: null },
      { owner: null },
      { tags: { a: 'b' } },
      { claims: 9 },
    ]) {
      head = await append(store, head, `k${head.version}`, patch);
      expect(await headOf(other, 'a')).toEqual(head);
    }
  });

  law('a refused commit leaves neither an entry nor a change of the head', async ({ store, other }) => {
    const first = await create(store, 'a', { status: 'before', tags: { t: 'before' } });
    const second = await append(store, first, 'k1');
    await refused(other.commit(next(first, [entry('k2')], { head: { status: 'after', tags: { t: 'after' } } })), 'version');
    await refused(other.commit(next(second, [entry('k3'), entry('k1', 'other')], { head: { status: 'after' } })), 'key');
    await refused(other.commit(next(second, [entry('k4'), entry('k1')], { head: { meta: 'after' }, trimTo: 1 })), 'key');
    expect(await headOf(store, 'a')).toEqual(second);
    expect(await keysOf(store, 'a')).toEqual(['created', 'k1']);
    expect((await store.scan({ tag: { key: 't', value: 'after' } })).heads).toEqual([]);
  });

  law('a load sees head and entries of one moment', async ({ store, other, under }) => {
    const third = await under.connect();
    let head = await create(store, 'a', { meta: '1' });
    let writing = true;
    const look = async (from: typeof store): Promise<number> => {
      let seen = 0;
      for (; writing; seen += 1) {
        const loaded = await from.load('a');
        expect(loaded?.entries.length).toBe(loaded?.head.length);
        expect(loaded?.head.meta).toBe(String(loaded?.head.length));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return seen;
    };
    const looks = [look(other), look(third)];
    for (const i of range(100)) {
      const entries = [entry(`a${i}`), entry(`b${i}`), entry(`c${i}`)];
      head = (await store.commit(next(head, entries, { head: { meta: String(head.length + 3) } }))).head;
    }
    writing = false;
    for (const seen of await Promise.all(looks)) expect(seen).toBeGreaterThan(0);
  });

  law('entries come in order, and from and limit page through them', async ({ store, other }) => {
    const head = await create(store, 'a');
    await store.commit(
      next(
        head,
        range(9).map((i) => entry(`k${i}`)),
      ),
    );
    const all = (await other.load('a'))?.entries ?? [];
    expect(all.map(({ index }) => index)).toEqual(range(10));
    const keys = async (page: { from?: number; limit?: number }): Promise<unknown> =>
      (await other.load('a', page))?.entries.map(({ key }) => key);
    expect(await keys({ from: 8 })).toEqual(['k7', 'k8']);
    expect(await keys({ from: 2, limit: 2 })).toEqual(['k1', 'k2']);
    expect(await keys({ limit: 1 })).toEqual(['created']);
    expect(await keys({ limit: 0 })).toEqual([]);
    expect(await keys({ from: 10 })).toEqual([]);
    expect(await other.load('b')).toBeUndefined();
  });
}
