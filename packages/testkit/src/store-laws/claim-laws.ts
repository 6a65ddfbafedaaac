import { expect } from 'vitest';
import type { Claim, Store } from '@redress/core';
import { append, create, creation, eventually, headOf, KIND, next, entry, range } from './lab.js';
import type { Law } from './lab.js';

function ask(owner: string, more: Partial<Claim> = {}): Claim {
  return { owner, kinds: [KIND], leaseMs: 60_000, limit: 100, ...more };
}

async function park(store: Store, id: string, kind: string, name: string, at: number): Promise<void> {
  await store.commit({ ...creation(id, { wake: { at } }), create: { kind, name } });
}

async function ids(heads: Promise<readonly { readonly id: string }[]>): Promise<string[]> {
  return (await heads).map(({ id }) => id);
}

export function claimLaws(law: Law): void {
  law('a claim takes a due stream under a new version, stamp, owner and lease', async ({ store, other }) => {
    const head = await create(store, 'a', { status: 's', wake: { at: 1 }, meta: 'm', tags: { t: 'v' } });
    const before = await store.now();
    const [claimed] = await other.claim(ask('w', { leaseMs: 50_000 }));
    const after = await store.now();
    expect(claimed).toEqual({ ...head, version: 2, owner: 'w', claims: 1, wakeAt: claimed?.wakeAt, stamp: claimed?.stamp });
    expect(claimed?.stamp).not.toBe(head.stamp);
    expect(claimed?.wakeAt).toBeGreaterThanOrEqual(before + 50_000);
    expect(claimed?.wakeAt).toBeLessThanOrEqual(after + 50_000);
    expect(await headOf(store, 'a')).toEqual(claimed);
  });

  law('a stream is due from its wakeAt on, not before, and never with none', async ({ store, other }) => {
    const now = await store.now();
    await create(store, 'past', { wake: { at: now - 1 } });
    await create(store, 'now', { wake: { inMs: 0 } });
    await create(store, 'future', { wake: { at: now + 600_000 } });
    await create(store, 'later', { wake: { inMs: 600_000 } });
    await create(store, 'never', { wake: null });
    await create(store, 'unsaid');
    expect(await ids(other.claim(ask('w')))).toEqual(['past', 'now']);
    expect(await other.claim(ask('w'))).toEqual([]);
  });

  law('a stream that is owned is not taken until its lease has passed, and then it is', async ({ store, other }) => {
    await create(store, 'a', { owner: 'first', wake: { inMs: 120 } });
    const { wakeAt } = await headOf(store, 'a');
    const taken = await eventually(() => other.claim(ask('second')));
    expect(taken.map(({ id }) => id)).toEqual(['a']);
    expect(await store.now()).toBeGreaterThanOrEqual(wakeAt ?? Infinity);
    expect(taken[0]).toMatchObject({ owner: 'second', version: 2, claims: 1 });
    expect(await store.claim(ask('third'))).toEqual([]);
  });

  law('a claimed stream is not taken again before its lease has passed', async ({ store, other }) => {
    await create(store, 'a', { wake: { at: 1 } });
    expect(await store.claim(ask('first', { leaseMs: 150 }))).toHaveLength(1);
    expect(await other.claim(ask('second'))).toEqual([]);
    expect(await store.claim(ask('first'))).toEqual([]);
    expect(await eventually(() => other.claim(ask('second')))).toMatchObject([{ owner: 'second', claims: 2, version: 3 }]);
  });

  law('claims counts until a commit sets it', async ({ store }) => {
    await create(store, 'a', { wake: { at: 1 } });
    for (const i of range(3)) {
      const [head] = await store.claim(ask('w'));
      expect(head?.claims).toBe(i + 1);
      if (head) await append(store, head, `k${i}`, { wake: { at: 1 } });
    }
    const [head] = await store.claim(ask('w'));
    if (head) expect(await append(store, head, 'k', { claims: 0, wake: { at: 1 } })).toMatchObject({ claims: 0 });
    expect(await store.claim(ask('w'))).toMatchObject([{ claims: 1 }]);
  });

  law('a claim takes at most limit streams, those due longest first', async ({ store, other }) => {
    const order = [5, 3, 8, 1, 9, 2, 7, 4, 6, 0];
    for (const at of order) await create(store, `s${at}`, { wake: { at: at + 1 } });
    expect(await ids(other.claim(ask('w', { limit: 3 })))).toEqual(['s0', 's1', 's2']);
    expect(await ids(store.claim(ask('w', { limit: 4 })))).toEqual(['s3', 's4', 's5', 's6']);
    expect(await ids(other.claim(ask('w')))).toEqual(['s7', 's8', 's9']);
  });

  law('a stream that moved to another moment is due then, and only once', async ({ store, other }) => {
    let head = await create(store, 'a', { wake: { at: 1 } });
    for (const [key, at] of [
      ['k1', 600_000],
      ['k2', 2],
      ['k3', 1],
    ] as const) {
      head = await append(store, head, key, { wake: at > 2 ? { inMs: at } : { at } });
    }
    const parked = await create(store, 'b', { wake: { at: 1 } });
    await append(store, parked, 'k1', { wake: null });
    expect(await ids(other.claim(ask('w')))).toEqual(['a']);
    expect(await store.claim(ask('w'))).toEqual([]);
  });

  law('a claim takes the kinds and names asked for and no others', async ({ store, other }) => {
    const kinds: readonly (readonly [string, string, string])[] = [
      ['a', 'saga', 'x'],
      ['b', 'saga', 'y'],
      ['c', 'timer', 'x'],
      ['d', 'lock', 'z'],
      ['e', 'saga', 'z'],
    ];
    for (const [i, [id, kind, name]] of kinds.entries()) await park(store, id, kind, name, i + 1);
    expect(await other.claim(ask('w', { kinds: [] }))).toEqual([]);
    expect(await other.claim(ask('w', { kinds: ['saga'], names: [] }))).toEqual([]);
    expect(await other.claim(ask('w', { kinds: ['none'] }))).toEqual([]);
    expect(await ids(other.claim(ask('w', { kinds: ['saga'], names: ['y', 'none'] })))).toEqual(['b']);
    expect(await ids(other.claim(ask('w', { kinds: ['timer', 'saga', 'saga'], names: ['x'] })))).toEqual(['a', 'c']);
    expect(await ids(other.claim(ask('w', { kinds: ['saga', 'lock'] })))).toEqual(['d', 'e']);
  });

  law('many claimers at once never take the same stream', async ({ store, other, under }) => {
    const stores = [store, other, await under.connect(), await under.connect()];
    await Promise.all(range(200).map((i) => create(store, `s${i}`, { wake: { at: 1 + (i % 7) } })));
    const takers = stores.flatMap((connection, s) => range(3).map((t) => ({ connection, owner: `w${s}-${t}` })));
    const taken: string[] = [];
    await Promise.all(
      takers.map(async ({ connection, owner }) => {
        for (;;) {
          const heads = await connection.claim(ask(owner, { limit: 7 }));
          if (heads.length === 0) return;
          for (const head of heads) {
            expect(head).toMatchObject({ owner, version: 2, claims: 1 });
            taken.push(head.id);
          }
        }
      }),
    );
    expect(taken).toHaveLength(200);
    expect(new Set(taken).size).toBe(200);
  });

  law('a claim and a commit at once: one of them is fenced, never both', async ({ store, other }) => {
    for (const i of range(20)) {
      const head = await create(store, `s${i}`, { wake: { at: 1 } });
      const [commit, claim] = await Promise.allSettled([
        store.commit(next(head, [entry('k1')], { head: { wake: null } })),
        other.claim(ask('w')),
      ]);
      const claimed = claim.status === 'fulfilled' ? claim.value.length : 0;
      expect(claimed + (commit.status === 'fulfilled' ? 1 : 0)).toBe(1);
      expect(await headOf(store, `s${i}`)).toMatchObject({ version: 2 });
    }
  });

  law('claims are quick while a great many streams are parked', async ({ store, other }) => {
    for (const block of range(20)) {
      await Promise.all(range(100).map((i) => create(store, `p${block * 100 + i}`, { wake: { inMs: 600_000 } })));
    }
    await create(store, 'due', { wake: { at: 1 } });
    expect(await ids(other.claim(ask('w')))).toEqual(['due']);
  });
}
