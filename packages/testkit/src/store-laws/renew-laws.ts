import { expect } from 'vitest';
import { append, create, entry, headOf, KIND, next, range } from './lab.js';
import type { Law } from './lab.js';

export function renewLaws(law: Law): void {
  law('a renewal moves the lease from now on, and neither version nor stamp', async ({ store, other }) => {
    await create(store, 'a', { wake: { at: 1 } });
    const [head] = await store.claim({ owner: 'w', kinds: [KIND], leaseMs: 1_000, limit: 1 });
    const before = await store.now();
    expect(await other.renew('w', ['a'], 90_000)).toEqual([{ id: 'a', owner: 'w', version: 2 }]);
    const renewed = await headOf(store, 'a');
    expect(renewed).toEqual({ ...head, wakeAt: renewed.wakeAt });
    expect(renewed.wakeAt).toBeGreaterThanOrEqual(before + 90_000);
    expect(renewed.wakeAt).toBeLessThanOrEqual((await store.now()) + 90_000);
  });

  law('after a renewal the owner commits with what it has seen before, and is told the new lease', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w', wake: { inMs: 1_000 } });
    await other.renew('w', ['a'], 90_000);
    const renewed = await headOf(other, 'a');
    const after = await append(store, head, 'k1');
    expect(after.wakeAt).toBe(renewed.wakeAt);
    expect(await headOf(other, 'a')).toEqual(after);
  });

  law('a renewal keeps claimers away, and a shorter one lets them in', async ({ store, other }) => {
    await create(store, 'a', { owner: 'w', wake: { at: 1 } });
    await store.renew('w', ['a'], 60_000);
    const ask = { owner: 'x', kinds: [KIND], leaseMs: 60_000, limit: 9 };
    expect(await other.claim(ask)).toEqual([]);
    await store.renew('w', ['a'], 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await other.claim(ask)).toHaveLength(1);
  });

  law('streams of others, of nobody and missing ones are answered as they are and not moved', async ({ store, other }) => {
    const theirs = await create(store, 'theirs', { owner: 'x', wake: { inMs: 50_000 } });
    const free = await append(store, await create(store, 'free', { wake: { at: 3 } }), 'k1');
    const mine = await create(store, 'mine', { owner: 'w', wake: { inMs: 50_000 } });
    const answers = await other.renew('w', ['missing', 'theirs', 'mine', 'free', 'mine'], 90_000);
    expect(answers).toEqual([
      { id: 'missing', owner: null, version: 0 },
      { id: 'theirs', owner: 'x', version: 1 },
      { id: 'mine', owner: 'w', version: 1 },
      { id: 'free', owner: null, version: 2 },
      { id: 'mine', owner: 'w', version: 1 },
    ]);
    expect(await headOf(store, 'theirs')).toEqual(theirs);
    expect(await headOf(store, 'free')).toEqual(free);
    expect((await headOf(store, 'mine')).wakeAt).toBeGreaterThan(mine.wakeAt ?? Infinity);
    expect(await other.load('missing')).toBeUndefined();
  });

  law('an owner who lost a stream learns it from the renewal, and its commit is refused', async ({ store, other }) => {
    const lost = await create(store, 'a', { owner: 'w', wake: { at: 1 } });
    const [claimed] = await other.claim({ owner: 'x', kinds: [KIND], leaseMs: 60_000, limit: 1 });
    expect(await store.renew('w', ['a'], 90_000)).toEqual([{ id: 'a', owner: 'x', version: 2 }]);
    expect(await headOf(store, 'a')).toEqual(claimed);
    await expect(store.commit(next(lost, [entry('late')]))).rejects.toMatchObject({ reason: 'version' });
  });

  law('many streams are renewed at once, answers in the order of asking', async ({ store, other }) => {
    const ids = range(300).map((i) => `s${i}`);
    await Promise.all(ids.map((id) => create(store, id, { owner: 'w', wake: { inMs: 50_000 } })));
    const asked = ids.toReversed();
    const answers = await other.renew('w', asked, 90_000);
    expect(answers.map(({ id }) => id)).toEqual(asked);
    expect(answers.every(({ owner, version }) => owner === 'w' && version === 1)).toBe(true);
    expect(await other.renew('w', [], 90_000)).toEqual([]);
  });
}
