import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childProcesses, firstLine } from './children.fixture.js';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
const { start, prepare, end, remove } = childProcesses(() => place.file);

beforeAll(prepare);
afterAll(remove);
beforeEach(async () => {
  place = await temporary();
});
afterEach(async () => {
  end();
  await place.remove();
});

const CREATE = { expect: 'absent', create: { kind: 'test', name: 'n' }, entries: [{ key: 'k', type: 'note', data: 'x' }] } as const;

describe('several processes on one file', () => {
  it('lose no commit and meet no lock, from the making of the file on', async () => {
    const names = ['a', 'b', 'c', 'd'];
    expect(await Promise.all(names.map((name) => start('hammer', name, 300).ended))).toEqual([0, 0, 0, 0]);
    const store = sqliteStore(place.file);
    const shared = (await store.load('shared'))?.entries ?? [];
    expect(shared.map(({ index }) => index)).toEqual(Array.from({ length: 600 }, (_, i) => i));
    for (const name of names) {
      const numbers = (all: readonly { key: string }[]): number[] =>
        all.filter(({ key }) => key.startsWith(`${name}-`)).map(({ key }) => Number(key.slice(2)));
      expect(numbers(shared)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i));
      expect(numbers((await store.load(`own-${name}`))?.entries ?? [])).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i + 1));
    }
    const moments = shared.map(({ at }) => at);
    expect(moments).toEqual(moments.toSorted((x, y) => x - y));
    await store.close();
  });

  it('find every answered commit after a writer was killed, and nothing half', async () => {
    for (const answers of [1, 150, 700]) {
      const child = start('write');
      const answered = new Map<string, number>();
      let lines = 0;
      for await (const line of createInterface(child.stdout)) {
        const [id = '', i] = line.split(' ');
        answered.set(id, Number(i));
        lines += 1;
        if (lines === answers) child.kill('SIGKILL');
      }
      await child.ended;
      const store = sqliteStore(place.file);
      for (const [id, i] of answered) {
        const loaded = await store.load(id);
        const keys = loaded?.entries.map(({ key }) => key) ?? [];
        expect(keys.slice(0, i + 2)).toEqual(['created', ...Array.from({ length: i + 1 }, (_, n) => `k${n}`)]);
        expect(loaded?.head).toMatchObject({ length: keys.length, version: keys.length, meta: String(keys.length - 2) });
      }
      expect(answered.size).toBeGreaterThan(0);
      for (const { id, ...head } of (await store.scan({})).heads) await store.drop(id, head);
      await store.close();
    }
  });

  it('load head and entries of one moment while another one writes', async () => {
    const store = sqliteStore(place.file);
    await firstLine(start('write'));
    let loads = 0;
    for (const end = performance.now() + 600; performance.now() < end; loads += 1) {
      const loaded = await store.load(`writer-${loads % 16}`);
      expect(loaded?.entries.length).toBe(loaded?.head.length);
    }
    expect(loads).toBeGreaterThan(100);
    await store.close();
  });

  it('keep their event loops free while another one holds the lock, and write after it', async () => {
    const store = sqliteStore(place.file);
    const locker = start('lock', '', 300);
    await firstLine(locker);
    const from = performance.now();
    let [ticks, longest, last] = [0, 0, from];
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      ticks += 1;
    }, 5);
    expect((await store.commit({ id: 'a', ...CREATE })).applied).toBe(true);
    clearInterval(timer);
    expect(performance.now() - from).toBeGreaterThan(150);
    expect(ticks).toBeGreaterThan(8);
    expect(longest).toBeLessThan(100);
    await locker.ended;
    await store.close();
  });

  it('say so when the lock is kept for too long: nothing was written, and reading goes on', async () => {
    const store = sqliteStore(place.file, { busyTimeoutMs: 60 });
    const locker = start('lock', '', 600);
    await firstLine(locker);
    const commit = store.commit({ id: 'a', ...CREATE });
    expect(await store.load('a')).toBeUndefined();
    await expect(commit).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await locker.ended;
    expect(await store.load('a')).toBeUndefined();
    expect((await store.commit({ id: 'a', ...CREATE })).applied).toBe(true);
    await store.close();
  });

  it('see what others write after the lock was kept for too long, and write again', async () => {
    const store = sqliteStore(place.file, { busyTimeoutMs: 60 });
    const locker = start('lock', '', 600);
    await firstLine(locker);
    await expect(store.commit({ id: 'a', ...CREATE })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await store.scan({})).heads).toEqual([]);
    await locker.ended;
    expect(await firstLine(start('visit', 'default'))).toBe('visitor');
    expect((await store.scan({})).heads).toHaveLength(1);
    await store.close();
  });

  it('open a file where another one is making the same namespace, then see what it writes and write themselves', async () => {
    await sqliteStore(place.file).close();
    const maker = start('name', 'orders', 300);
    await firstLine(maker);
    const store = sqliteStore(place.file, { namespace: 'orders' });
    await maker.ended;
    expect((await store.scan({})).heads).toEqual([]);
    expect(await firstLine(start('visit', 'orders'))).toBe('visitor');
    expect((await store.scan({})).heads).toHaveLength(1);
    expect((await store.commit({ id: 'a', ...CREATE })).applied).toBe(true);
    await store.close();
  });

  it('leave the log where it is while a process with two stores is writing to it', async () => {
    const store = sqliteStore(place.file);
    await store.commit({ id: 'a', ...CREATE });
    const second = sqliteStore(place.file, { namespace: 'second' });
    expect(await start('glance').ended).toBe(0);
    await store.commit({ id: 'b', ...CREATE });
    expect(await firstLine(start('visit', 'default'))).toBe('a,b,visitor');
    await second.close();
    await store.close();
  });
});
