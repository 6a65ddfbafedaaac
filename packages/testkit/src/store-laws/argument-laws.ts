import { expect } from 'vitest';
import type { Change } from '@redress/core';
import { badArgument, create, creation, entry, headOf, next, range } from './lab.js';
import type { Law } from './lab.js';

export function argumentLaws(law: Law): void {
  law('a change that is not of its form is refused as an argument, and nothing is written', async ({ store, other }) => {
    const head = await create(store, 'a');
    const bad: readonly unknown[] = [
      { ...creation(''), id: '' },
      creation('x'.repeat(513)),
      creation('nul\0'),
      { ...creation('b'), id: 7 },
      creation('b', {}, []),
      creation(
        'b',
        {},
        range(1_001).map((i) => entry(`k${i}`)),
      ),
      creation('b', {}, [entry('twice'), entry('twice', 'other')]),
      creation('b', {}, [entry('')]),
      creation('b', {}, [entry('nul\0')]),
      creation('b', {}, [entry('k', 'data', '')]),
      creation('b', {}, [entry('k', 5 as never)]),
      creation('b', {}, [entry('k', null as never)]),
      { ...creation('b'), create: undefined },
      { ...creation('b'), create: { kind: '', name: 'n' } },
      { ...next(head, [entry('k')]), create: { kind: 'k', name: 'n' } },
      next({ ...head, version: 0 }, [entry('k')]),
      next({ ...head, stamp: '' }, [entry('k')]),
      next(head, [entry('k')], { trimTo: -1 }),
      next(head, [entry('k')], { trimTo: 1.5 }),
      next(head, [entry('k')], { head: { wake: { at: Number.NaN } } }),
      next(head, [entry('k')], { head: { wake: { inMs: Infinity } } }),
      next(head, [entry('k')], { head: { claims: -1 } }),
      next(head, [entry('k')], { head: { owner: '' } }),
      next(head, [entry('k')], { head: { status: '' } }),
      next(head, [entry('k')], { head: { tags: { t: '' } } }),
    ];
    for (const change of bad) await badArgument(store.commit(change as Change));
    expect(await headOf(other, 'a')).toEqual(head);
    expect((await other.scan({})).heads).toEqual([head]);
  });

  law('so with claims, renewals and queries', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w', wake: { at: 1 } });
    const claim = { owner: 'x', kinds: ['law'], leaseMs: 1_000, limit: 1 };
    for (const bad of [
      { owner: '' },
      { kinds: [''] },
      { names: [''] },
      { leaseMs: 0 },
      { leaseMs: Number.NaN },
      { limit: 0 },
      { limit: 1.5 },
    ]) {
      await badArgument(store.claim({ ...claim, ...bad }));
    }
    for (const leaseMs of [0, -1, Number.NaN, Infinity]) await badArgument(store.renew('w', ['a'], leaseMs));
    for (const bad of [{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { order: 'age' as never }, { order: 'wake', after: 'x' } as const]) {
      await badArgument(store.scan(bad));
    }
    expect(await headOf(other, 'a')).toEqual(head);
  });

  law('a refused argument does not spoil its neighbours of the same turn', async ({ store, other }) => {
    const results = await Promise.allSettled([
      store.commit(creation('a')),
      store.commit(creation('b', {}, [entry('k', 5 as never)])),
      store.commit(creation('c')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await other.scan({})).heads.map(({ id }) => id)).toEqual(['a', 'c']);
  });
}
