import { describe, expect, it } from 'vitest';
import { RedressError, systemClock } from '@redress/core';
import type { Change, LogHandler, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { Listener, open } from './account.js';
import type { Account } from './account.js';

const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));

describe('a store that went back in time under a living process', () => {
  /** A memory store that can forget what came after some moment. */
  function forgetful(): { readonly store: Store; keep(): void; goBack(): void } {
    let [database, log] = [createMemoryDatabase(), [] as Change[]];
    let kept = 0;
    const words = { next: () => 0.5, word: () => `w${(n += 1)}` };
    let n = 0;
    let inner = memoryStore({ shared: database, random: words });
    const commit = async (change: Change): Promise<unknown> => {
      const done = await inner.commit(change);
      log.push(change);
      return done;
    };
    const store = new Proxy(inner, {
      get: (_, name) => {
        if (name === 'commit') return commit;
        const value = Reflect.get(inner, name) as unknown;
        return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
      },
    });
    return {
      store,
      keep: () => void (kept = log.length),
      goBack() {
        const remembered = log.slice(0, kept);
        n = 0;
        database = createMemoryDatabase();
        inner = memoryStore({ shared: database, clock: systemClock, random: words });
        log = [];
        for (const change of remembered) void commit(change);
      },
    };
  }

  it('is told by the next append, outputs stop, everything is written anew, and nothing is lost', async () => {
    const { store, keep, goBack } = forgetful();
    const world = new Listener();
    const handle =
      (account: Account): LogHandler =>
      ({ body }, context) => {
        account.add(body as number);
        context.send('world', account.balance);
        return account.balance;
      };
    const { log, events } = await open(store, handle, { sinks: { world } });
    for (let n = 1; n <= 4; n++) await log.accept({ from: 'a', sequence: n, body: n });
    await log.drained();
    keep();
    for (let n = 5; n <= 9; n++) await log.accept({ from: 'a', sequence: n, body: n });
    await log.drained();
    goBack();
    expect(await (await log.accept({ from: 'a', sequence: 10, body: 10 })).done).toBe(55);
    await log.drained();
    expect(events.map(({ name }) => name).filter((name) => /regressed|mended/.test(name))).toEqual(['log.regressed', 'log.mended']);
    expect(log.incarnation).toBe(2);
    const second = await open(store, handle, { sinks: { world } });
    await second.log.drained();
    expect(second.account).toMatchObject({ balance: 55, handled: 10 });
    expect(await second.log.accept({ from: 'a', sequence: 7, body: 7 })).toMatchObject({ duplicate: true });
    expect(new Set(world.keys).size).toBe(10);
    await second.log.close();
  });

  it('ends the process where it was told to, or where a handler waits in the middle: nothing more leaves it', async () => {
    for (const mode of ['stop', 'middle', 'throws'] as const) {
      const { store, keep, goBack } = forgetful();
      const handle =
        (account: Account): LogHandler =>
        async ({ body }, context) => {
          if (mode === 'middle') await context.effect('ask', () => 1);
          if (mode === 'throws' && body === 2) throw new Error('no');
          account.add(body as number);
        };
      const { log } = await open(store, handle, { onRegression: mode === 'stop' ? 'stop' : 'repair' });
      keep();
      await (
        await log.accept({ from: 'a', sequence: 1, body: 1 })
      ).done;
      goBack();
      expect(await log.accept({ from: 'a', sequence: 2, body: 2 }).catch(code)).toBe('STORE_REGRESSION');
      expect(code(await log.ended)).toBe('STORE_REGRESSION');
    }
  });
});
