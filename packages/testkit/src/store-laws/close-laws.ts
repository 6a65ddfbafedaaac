import { expect } from 'vitest';
import { append, closed, create, creation, entriesOf, headOf, KIND, next, entry, range, refused } from './lab.js';
import type { Law } from './lab.js';

export function closeLaws(law: Law): void {
  law('a closed store refuses every verb, and closing again is harmless', async ({ store, other }) => {
    const head = await create(store, 'a', { wake: { at: 1 } });
    await store.close();
    await store.close();
    await store[Symbol.asyncDispose]();
    await closed(store.load('a'));
    await closed(store.commit(creation('b')));
    await closed(store.claim({ owner: 'w', kinds: [KIND], leaseMs: 1_000, limit: 1 }));
    await closed(store.renew('w', ['a'], 1_000));
    await closed(store.scan({}));
    await closed(store.drop('a', head));
    await closed(store.now());
    expect(await headOf(other, 'a')).toEqual(head);
  });

  law('closing waits for what was asked before it', async ({ store, other }) => {
    const asked = range(20).map((i) => store.commit(creation(`s${i}`)));
    await store.close();
    expect((await Promise.all(asked)).every(({ applied }) => applied)).toBe(true);
    expect((await other.scan({})).heads).toHaveLength(20);
  });
}

/** What an answer promises beyond the life of its connection. */
export function durableLaws(law: Law): void {
  law('what was answered is there after closing and opening again', async ({ store, under }) => {
    const first = await create(store, 'a', { status: 's', owner: 'w', wake: { at: 5 }, claims: 2, meta: 'm', tags: { t: 'v' } });
    const head = (await store.commit(next(first, [entry('k1', new Uint8Array([1, 0])), entry('k2')], { trimTo: 1 }))).head;
    const entries = await entriesOf(store, 'a');
    const gone = await create(store, 'gone');
    await store.drop('gone', gone);
    await under.reopen?.();
    const again = await under.connect();
    expect(await headOf(again, 'a')).toEqual(head);
    expect(await entriesOf(again, 'a')).toEqual(entries);
    expect(await again.load('gone')).toBeUndefined();
    expect((await again.scan({ tag: { key: 't', value: 'v' } })).heads).toEqual([head]);
    await refused(again.commit(next(head, [entry('created')])), 'trimmed');
    expect((await again.commit(next(first, [entry('k2')]))).applied).toBe(false);
    expect(await append(again, head, 'k3')).toMatchObject({ version: 3, length: 4 });
  });

  law('claims, renewals and the clock outlive the connection too', async ({ store, under }) => {
    await create(store, 'a', { wake: { at: 1 } });
    await store.claim({ owner: 'w', kinds: [KIND], leaseMs: 1_000, limit: 1 });
    await store.renew('w', ['a'], 600_000);
    const [head, now] = [await headOf(store, 'a'), await store.now()];
    await under.reopen?.();
    const again = await under.connect();
    expect(await headOf(again, 'a')).toEqual(head);
    expect(await again.claim({ owner: 'x', kinds: [KIND], leaseMs: 1_000, limit: 1 })).toEqual([]);
    expect(await again.now()).toBeGreaterThanOrEqual(now);
  });
}
