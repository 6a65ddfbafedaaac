import { expect } from 'vitest';
import { create, creation, entry, headOf, keysOf } from './lab.js';
import type { Law } from './lab.js';

export function namespaceLaws(law: Law): void {
  law('the same id in two namespaces is two streams', async ({ under }) => {
    const [one, two] = [await under.connect('one'), await under.connect('two')];
    const head = await create(one, 'a', { status: 'in one' });
    expect(await two.load('a')).toBeUndefined();
    expect((await two.commit(creation('a', {}, [entry('created', 'in two')]))).applied).toBe(true);
    expect(await headOf(one, 'a')).toEqual(head);
    expect(await keysOf(await under.connect('two'), 'a')).toEqual(['created']);
  });

  law('a namespace is blind to the streams of another, in every verb', async ({ under }) => {
    const [one, two] = [await under.connect('one'), await under.connect('two')];
    const head = await create(one, 'a', { owner: 'w', status: 's', wake: { at: 1 }, tags: { t: 'v' } });
    for (const query of [{}, { order: 'wake' }, { kind: 'law' }, { status: ['s'] }, { tag: { key: 't', value: 'v' } }] as const) {
      expect((await two.scan(query)).heads).toEqual([]);
    }
    expect(await two.claim({ owner: 'x', kinds: ['law'], leaseMs: 1_000, limit: 9 })).toEqual([]);
    expect(await two.renew('w', ['a'], 1_000)).toEqual([{ id: 'a', owner: null, version: 0 }]);
    expect(await two.drop('a', head)).toBe(false);
    expect(await headOf(one, 'a')).toEqual(head);
  });

  law('names of namespaces that look alike are kept apart', async ({ under }) => {
    const names = ['n', 'N', 'n:a', 'n:', 'n%', 'n*'];
    const stores = await Promise.all(names.map((name) => under.connect(name)));
    for (const [i, store] of stores.entries()) await create(store, 'a', { status: `${i}` });
    for (const [i, store] of stores.entries()) {
      const { heads } = await store.scan({});
      expect(heads.map(({ id, status }) => [id, status])).toEqual([['a', `${i}`]]);
    }
  });
}
