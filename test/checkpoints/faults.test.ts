import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConflictError, StoreUnavailableError } from '@redress/core';
import type { Change, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { overwrite } from './overwrite.js';
import { sqliteStore } from '@redress/sqlite';
import { describe, expect, it } from 'vitest';
import { live, shown } from './support.js';

const STREAM = 'checkpoint/Account/a1';

/** A store in which one byte of some entries is another one. */
function flipped(store: Store, which: (key: string) => boolean): Store {
  const load: Store['load'] = async (id, page) => {
    const found = await store.load(id, page);
    return (
      found && {
        ...found,
        entries: found.entries.map((entry) => {
          if (!which(entry.key)) return entry;
          const bytes = Buffer.from(entry.data);
          bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
          return { ...entry, data: typeof entry.data === 'string' ? bytes.toString() : bytes };
        }),
      }
    );
  };
  return Object.assign(
    watched(store, (_, go) => go()),
    { load },
  );
}

/** A store whose commits go through a function. */
function watched(store: Store, commit: (change: Change, go: () => ReturnType<Store['commit']>) => ReturnType<Store['commit']>): Store {
  const verbs = Object.fromEntries(
    (['load', 'claim', 'scan', 'drop', 'now', 'renew'] as const).map((verb) => [verb, store[verb].bind(store)]),
  );
  return Object.assign(Object.create(store) as Store, verbs, { commit: (change: Change) => commit(change, () => store.commit(change)) });
}

async function written(saves: number, options = {}): Promise<{ readonly open: () => Store; readonly balances: number[] }> {
  const shared = createMemoryDatabase();
  const open = (): Store => memoryStore({ shared });
  const { handle, run } = live(open(), { keep: 40, ...options });
  const balances: number[] = [];
  for (let i = 1; i <= saves; i++) {
    await run((one) => {
      one.balance = i;
      one.log.push(`${i}`);
    });
    await handle.save(() => ({ logPosition: i * 10 }));
    balances.push(i);
  }
  return { open, balances };
}

const contents = async (store: Store): Promise<string> => JSON.stringify(await store.load(STREAM));

describe('a damaged checkpoint', () => {
  it.each(['c3/0', 'c3'])('CK12 that is the newest one is not served, and nothing is overwritten (%s)', async (key) => {
    const { open } = await written(3);
    const before = await contents(open());
    const next = live(flipped(open(), (one) => one === key));
    await expect(next.handle.start()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', details: { number: 3, older: 2 } });
    await expect(next.run(() => 1)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect(await contents(open())).toBe(before);
    // A person may give up what came later.
    expect(await next.handle.start({ from: 2 })).toMatchObject({ number: 2 });
    expect(next.account.balance).toBe(2);
    expect(await next.handle.save()).toMatchObject({ number: 4, kind: 'base', after: 2 });
  });

  it('CK12 is passed over when the message log has all that came after the one before', async () => {
    const { open } = await written(3);
    const asked: number[] = [];
    const reaches = (position: number): boolean => (asked.push(position), position <= 20);
    const next = live(
      flipped(open(), (key) => key === 'c3/0'),
      { logReaches: reaches },
    );
    expect(await next.handle.start()).toMatchObject({ number: 2, logPosition: 20 });
    expect(asked).toEqual([20]);
    expect(next.account.balance).toBe(2);
    expect(next.events.map(({ name }) => name)).toContain('checkpoint.corrupt');
    await next.run((one) => (one.balance = 50));
    expect(await next.handle.save()).toMatchObject({ number: 4, kind: 'base' });
    const refused = live(
      flipped(open(), (key) => key === 'c4/0'),
      { logReaches: () => false },
    );
    await expect(refused.handle.start()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  });

  it('CK12 that only sums up deltas is not needed while these are whole', async () => {
    const { open } = await written(20);
    const entries = (await open().load(STREAM))?.entries ?? [];
    const compacted = entries.find(({ type }) => type === 'checkpoint.compacted')?.key ?? '';
    expect(compacted).toMatch(/^c\d+$/);
    for (const key of [compacted, `${compacted}/0`]) {
      const next = live(
        flipped(open(), (one) => one === key),
        { keep: 40 },
      );
      await next.handle.start();
      expect(next.account.balance).toBe(20);
      expect(next.account.log.length).toBe(20);
    }
  });

  it('is found on a disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-flip-'));
    try {
      const file = join(folder, 'store.db');
      const first = sqliteStore(file);
      const one = live(first);
      await one.run((account) => account.entries.set('a', { cents: 1, text: 'needle in the state' }));
      await one.handle.save();
      await first.close();
      overwrite(file, 'needle in the state', 'noodle in the state');
      const second = sqliteStore(file);
      await expect(live(second).handle.start()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
      await second.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('checkpoints that are kept', () => {
  it('CK9 are never more than asked for, however many calls there are', async () => {
    const store = memoryStore();
    const { handle, run } = live(store, { every: { calls: 200 }, keep: 2 });
    await handle.start();
    await handle.savepoint('pinned');
    for (let i = 0; i < 10_000; i++) await run((one) => void (one.balance += 1));
    await handle.stop();
    expect((await handle.history()).length).toBe(2);
    expect(await handle.savepoints()).toEqual(['pinned']);
    const kept = (await store.load(STREAM))?.entries ?? [];
    // A base, the deltas on it, and what they were summed up to.
    expect(kept.filter(({ key }) => /^c\d+$/.test(key)).length).toBeLessThanOrEqual(2 * 18);
    expect((await store.scan({})).heads.length).toBe(2);
  });

  it('CK10 are forgotten by the commit that makes newer ones durable, and not before', async () => {
    const store = memoryStore();
    let refuse = false;
    const faulty = watched(store, (change, go) =>
      refuse && change.trimTo !== undefined ? Promise.reject(new StoreUnavailableError('down')) : go(),
    );
    const { handle, run, account } = live(faulty, { keep: 2 });
    for (let event = 1; event <= 1000; event++) {
      await run((one) => void one.entries.set('n', { cents: event }));
      if (event % 100 !== 0) continue;
      refuse = event === 600;
      const outcome = await (refuse ? handle.rollback({ to: 0 }) : handle.save()).catch((error: Error) => error.message);
      expect(outcome === 'down').toBe(refuse);
      refuse = false;
      // It still has what it had, and can go back to what it could.
      expect(account.entries.get('n')?.cents).toBe(event);
      for (const { number } of await handle.history())
        expect((await store.load(STREAM))?.entries.some(({ key }) => key === `c${number}`)).toBe(true);
    }
    await handle.rollback({ to: (await handle.history())[0]?.number ?? 0 });
    expect(account.entries.get('n')?.cents).toBe(900);
  });

  it('CK11 a failure of which is told, and does not stop the object; the next one is whole', async () => {
    const store = memoryStore();
    let down = false;
    const faulty = watched(store, (_, go) => (down ? Promise.reject(new StoreUnavailableError('down')) : go()));
    const { handle, run, events } = live(faulty);
    await run((one) => (one.balance = 1));
    await handle.save();
    down = true;
    await run((one) => (one.balance = 2));
    await expect(handle.save()).rejects.toThrow('down');
    expect(events.map(({ name }) => name)).toContain('checkpoint.failed');
    await run((one) => one.log.push('still served'));
    down = false;
    expect(await handle.save()).toMatchObject({ kind: 'base' });
    const next = live(store);
    await next.handle.start();
    expect(shown(next.account)).toMatchObject({ balance: 2, log: ['still served'] });
  });

  const SEEDS = Array.from({ length: process.env['REDRESS_TESTS'] === 'full' ? 50 : 3 }, (_, i) => i + 1);
  it.each(SEEDS)('SC7 lose no piece that something needs, and leave none behind, whatever is interrupted (seed %i)', async (seed) => {
    let state = seed;
    const chance = (n: number): number => (state = (state * 48_271) % 2_147_483_647) % n;
    const shared = createMemoryDatabase();
    const open = (): Store => memoryStore({ shared });
    let life = live(open());
    let model: Record<string, number> = {};
    let saved = { ...model };
    const seen: (readonly [object, object])[] = [];
    for (let i = 0; i < 30; i++) {
      const what = chance(6);
      if (what < 3) {
        const key = `k${chance(8)}`;
        await life.run((one) => one.entries.set(key, { cents: i, text: 'y'.repeat(chance(2) * 700_000) }));
        model[key] = i;
      } else if (what === 3) {
        await life.handle.save();
        saved = { ...model };
      } else {
        // It dies between two commits of a checkpoint, or does not.
        let left = chance(4);
        const dying = live(watched(open(), (_, go) => (left-- > 0 ? go() : Promise.reject(new ConflictError(STREAM, 'missing')))));
        const wrote = await dying
          .run((one) => one.entries.set('dying', { cents: -1, text: 'z'.repeat(1_500_000) }))
          .then(() => dying.handle.save())
          .catch(() => undefined);
        if (wrote) saved['dying'] = -1;
        life = live(open());
        await life.handle.start();
        seen.push([Object.fromEntries([...life.account.entries].map(([key, { cents }]) => [key, cents])), { ...saved }]);
        model = { ...saved };
      }
    }
    for (const [found, wanted] of seen) expect(found).toEqual(wanted);
    expect(seen.length).toBeGreaterThan(2);
    // As many more as are kept, and what was left by those that died is gone.
    for (let i = 0; i < 3; i++) await life.handle.rollback();
    const entries = (await open().load(STREAM))?.entries ?? [];
    const envelopes = new Set(entries.map(({ key }) => key).filter((key) => /^c\d+$/.test(key)));
    expect(entries.filter(({ key }) => key.includes('/') && !envelopes.has(key.split('/')[0] ?? ''))).toEqual([]);
  });
});

describe('a checkpoint that is taken', () => {
  it('CC9 in the middle of a call has what was committed before it', async () => {
    const store = memoryStore();
    const { handle, run } = live(store);
    await run((one) => one.entries.set('a', { cents: 1 }).set('b', { cents: 2 }));
    let go = (): void => {};
    const wait = new Promise<void>((resolve) => (go = resolve));
    const call = run(async (one) => {
      one.balance = -1;
      one.entries.delete('a');
      one.entries.set('c', { cents: 3 });
      await wait;
    });
    await new Promise((resolve) => setImmediate(resolve));
    await handle.save();
    const next = live(store);
    await next.handle.start();
    expect(shown(next.account)).toMatchObject({
      balance: 100,
      entries: [
        ['a', { cents: 1 }],
        ['b', { cents: 2 }],
      ],
    });
    go();
    await call;
  });

  it('CK2 of what cannot be kept says where it stands, and leaves the one before', async () => {
    const store = memoryStore();
    const { handle, run } = live(store);
    await run((one) => one.entries.set('a', { cents: 1 }));
    await handle.save();
    const bad: readonly (readonly [unknown, RegExp])[] = [
      [{ deep: [() => 1] }, /entries\.get\("b"\)\.deep\[0\] is a function/],
      [Promise.resolve(), /entries\.get\("b"\) is a promise/],
      [{ s: Symbol('s') }, /entries\.get\("b"\)\.s is a symbol/],
      [new WeakMap(), /entries\.get\("b"\) is an object of the class WeakMap/],
    ];
    for (const [value, sentence] of bad) {
      await run((one) => one.entries.set('b', value as never));
      await expect(handle.save()).rejects.toThrow(sentence);
    }
    const next = live(store);
    await next.handle.start();
    expect(shown(next.account)).toMatchObject({ entries: [['a', { cents: 1 }]] });
  });

  it('after an answer was lost is written once, and one that nobody knows of is no one’s', async () => {
    const store = memoryStore();
    let lose = 0;
    const faulty = watched(store, async (_, go) => {
      const answer = await go();
      if (lose-- > 0) throw new StoreUnavailableError('lost');
      return answer;
    });
    const { handle, run } = live(faulty);
    await handle.start();
    lose = 2;
    await run((one) => (one.balance = 5));
    expect(await handle.save()).toMatchObject({ number: 1 });
    await run((one) => (one.balance = 6));
    expect(await handle.save()).toMatchObject({ number: 2, kind: 'delta' });
    const next = live(store);
    expect(await next.handle.start()).toMatchObject({ number: 2 });
    expect(next.account.balance).toBe(6);
  });
});

describe('a store that went back in time under a living process', () => {
  it('is found out by the next checkpoint, and the one after it is whole', async () => {
    const [lost, left] = [memoryStore(), memoryStore()];
    let isLost = false;
    // What the first one answers reaches the second one, until it does not any more; then the second one takes its place.
    let reaches = true;
    const both = Object.assign(Object.create(lost) as Store, {
      load: (id: string, page?: object) => (isLost ? left : lost).load(id, page),
      claim: async (claim: Parameters<Store['claim']>[0]) => (await left.claim(claim), lost.claim(claim)),
      commit: async (change: Change) => {
        if (isLost) return left.commit(change);
        const head = (await left.load(change.id, { limit: 0 }))?.head;
        if (reaches) await left.commit({ ...change, expect: head ?? 'absent' });
        return lost.commit(change);
      },
    });
    const { handle, run, events } = live(both);
    await run((one) => (one.balance = 1));
    await handle.save();
    reaches = false;
    await run((one) => (one.balance = 2));
    await handle.save();
    isLost = true;
    await run((one) => (one.balance = 3));
    await expect(handle.save()).rejects.toMatchObject({ code: 'STORE_REGRESSION' });
    expect(events.map(({ name }) => name)).toContain('checkpoint.regressed');
    expect(await handle.save()).toMatchObject({ number: 4, kind: 'base' });
    const next = live(left);
    expect(await next.handle.start()).toMatchObject({ number: 4 });
    expect(next.account.balance).toBe(3);
  });
});
