import { ConfigurationError, systemClock } from '@redress/core';
import type { Change, Clock } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { createMemoryDatabase } from './database.js';
import { memoryStore } from './memory-store.js';

function clockAt(now: () => number): Clock {
  return { ...systemClock, now };
}

function creation(id: string, inMs = 10): Change {
  return {
    id,
    expect: 'absent',
    create: { kind: 'k', name: 'n' },
    entries: [{ key: 'k', type: 't', data: 'x' }],
    head: { wake: { inMs } },
  };
}

describe('a memory database', () => {
  it('has a time that never goes back below what any connection was told', async () => {
    const shared = createMemoryDatabase();
    let now = 5_000;
    const [ahead, behind] = [memoryStore({ shared, clock: clockAt(() => now) }), memoryStore({ shared, clock: clockAt(() => 1_000) })];
    expect(await ahead.now()).toBe(5_000);
    expect((await behind.commit(creation('a'))).head.wakeAt).toBe(5_010);
    now = 4_000;
    expect(await ahead.now()).toBe(5_000);
  });

  it('makes three days pass at once when its clock does', async () => {
    let now = 0;
    const store = memoryStore({ clock: clockAt(() => now) });
    await store.commit(creation('a', 3 * 86_400_000));
    const claim = { owner: 'w', kinds: ['k'], leaseMs: 1_000, limit: 1 };
    expect(await store.claim(claim)).toEqual([]);
    now = 3 * 86_400_000;
    expect(await store.claim(claim)).toMatchObject([{ id: 'a', wakeAt: now + 1_000 }]);
  });

  it('is not shared unless it is handed in', async () => {
    await memoryStore().commit(creation('a'));
    expect(await memoryStore().load('a')).toBeUndefined();
  });

  it('finds what is due among a hundred thousand parked streams without looking at them', async () => {
    const store = memoryStore({ clock: clockAt(() => 0) });
    for (let i = 0; i < 100_000; i += 1) await store.commit(creation(`p${i}`, 1_000_000 + i));
    await store.commit(creation('due', 0));
    const claim = { owner: 'w', kinds: ['k'], leaseMs: 1_000, limit: 10 };
    expect(await store.claim(claim)).toMatchObject([{ id: 'due' }]);
    const from = performance.now();
    for (let i = 0; i < 2_000; i += 1) expect(await store.claim(claim)).toEqual([]);
    // Far above what it takes, and far below two thousand looks at all streams.
    expect(performance.now() - from).toBeLessThan(2_000);
  });

  it('keeps its due index in bounds over very many renewals', async () => {
    let now = 0;
    const store = memoryStore({ clock: clockAt(() => now) });
    const ids = Array.from({ length: 10 }, (_, i) => `s${i}`);
    for (const id of ids) await store.commit({ ...creation(id, 1_000), head: { owner: 'w', wake: { inMs: 1_000 } } });
    for (; now < 20_000; now += 1) await store.renew('w', ids, 1_000);
    const claim = { owner: 'x', kinds: ['k'], leaseMs: 1_000, limit: 100 };
    expect(await store.claim(claim)).toEqual([]);
    now += 1_000;
    expect((await store.claim(claim)).map(({ id }) => id)).toEqual(ids);
  });

  it('is refused with advice when it is not one, or the namespace is no name', () => {
    expect(() => memoryStore({ shared: { durability: 'process' } })).toThrow(ConfigurationError);
    expect(() => memoryStore({ namespace: '' })).toThrow('Give a text');
  });
});
