import { expect } from 'vitest';
import { append, create, creation, entry, headOf, keysOf, next, range, refused, settle } from './lab.js';
import type { Law } from './lab.js';

export function guardLaws(law: Law): void {
  law('creating a stream that is there is refused: exists', async ({ store, other }) => {
    await create(store, 'a');
    await refused(other.commit(creation('a', {}, [entry('another')])), 'exists');
  });

  law('a commit to a stream that is not there is refused: missing', async ({ store }) => {
    await refused(store.commit(next({ id: 'a', version: 1, stamp: 'x' } as never, [entry('k')])), 'missing');
    expect(await store.load('a')).toBeUndefined();
  });

  law('an old version is refused, and so is one of the future', async ({ store, other }) => {
    const first = await create(store, 'a');
    const second = await append(store, first, 'k1');
    await refused(other.commit(next(first, [entry('x')])), 'version');
    await refused(store.commit(next(first, [entry('x')])), 'version');
    await refused(store.commit(next({ ...second, version: 3 }, [entry('x')])), 'version');
  });

  law('the right version with another stamp is refused, and the right stamp with another version', async ({ store, other }) => {
    const head = await create(store, 'a');
    for (const connection of [store, other]) {
      await refused(connection.commit(next({ ...head, stamp: `${head.stamp}x` }, [entry('x')])), 'version');
      await refused(connection.commit(next({ ...head, version: 2 }, [entry('x')])), 'version');
    }
    expect(await headOf(store, 'a')).toEqual(head);
  });

  law('a commit without entries moves the head alone, under the guard, and fences the writer before it', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'me', wake: { inMs: 1_000 } });
    const change = next(head, [], { head: { owner: null, wake: null } });
    const moved = await other.commit(change);
    expect(moved).toMatchObject({ applied: true, head: { version: 2, length: 1, owner: null, wakeAt: null } });
    await refused(other.commit(change), 'version');
    await refused(store.commit(next(head, [entry('x')])), 'version');
    await refused(store.commit(next({ id: 'b', version: 1, stamp: 'x' } as never, [])), 'missing');
    expect(await keysOf(store, 'a')).toEqual(['created']);
  });

  law('of many writers who saw the same head, one is let through', async ({ store, other, under }) => {
    const stores = [store, other, await under.connect(), await under.connect()];
    let head = await create(store, 'a');
    for (const round of range(10)) {
      const commits = range(16).map((i) => (stores[i % 4] ?? store).commit(next(head, [entry(`r${round} w${i}`)])));
      const { applied, refusals } = await settle(commits);
      expect(applied).toHaveLength(1);
      expect(refusals).toHaveLength(15);
      for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'STORE_CONFLICT', reason: 'version' });
      head = applied[0]?.head ?? head;
    }
    expect(await keysOf(other, 'a')).toHaveLength(11);
  });

  law('of many creators of one stream, one is let through', async ({ store, other, under }) => {
    const stores = [store, other, await under.connect()];
    const commits = range(12).map((i) => (stores[i % 3] ?? store).commit(creation('a', {}, [entry(`by ${i}`)])));
    const { applied, refusals } = await settle(commits);
    expect(applied).toHaveLength(1);
    for (const refusal of refusals) expect(refusal).toMatchObject({ reason: 'exists' });
    expect(await keysOf(store, 'a')).toHaveLength(1);
  });

  law('a claim fences the writer before it', async ({ store, other }) => {
    const head = await create(store, 'a', { wake: { at: 1 } });
    const [claimed] = await other.claim({ owner: 'new', kinds: ['law'], leaseMs: 60_000, limit: 1 });
    await refused(store.commit(next(head, [entry('late')])), 'version');
    expect((await other.commit(next(claimed ?? head, [entry('mine')]))).applied).toBe(true);
  });

  law('commits of one turn are judged each by itself', async ({ store, other }) => {
    const heads = await Promise.all(range(100).map((i) => create(store, `s${i}`)));
    const results = await Promise.allSettled(
      heads.map((head, i) => store.commit(next(i % 3 === 0 ? { ...head, version: 9 } : head, [entry('k1'), entry('k2')]))),
    );
    for (const i of range(100)) {
      expect(results[i]?.status).toBe(i % 3 === 0 ? 'rejected' : 'fulfilled');
      expect(await keysOf(other, `s${i}`)).toEqual(i % 3 === 0 ? ['created'] : ['created', 'k1', 'k2']);
    }
  });

  law('commits of one turn see each other in the order of asking', async ({ store, other }) => {
    const head = await create(store, 'a');
    const race = [store.commit(next(head, [entry('first')])), store.commit(next(head, [entry('second')]))];
    const { applied, refusals } = await settle(race);
    expect([applied.length, refusals.length]).toEqual([1, 1]);
    expect(await keysOf(other, 'a')).toEqual(['created', 'first']);
  });
}
