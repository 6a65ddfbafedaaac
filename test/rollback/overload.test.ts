import { describe, expect, it } from 'vitest';
import { RedressError } from '@redress/core';
import type { Change, LogHandler } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { adding, Listener, open } from './account.js';
import type { Account } from './account.js';

const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));

describe('too much', () => {
  it('ML15 beyond the cap of unconfirmed outputs messages are refused, and nothing is dropped', async () => {
    const store = memoryStore();
    const world = new Listener();
    let unblock = (): void => {};
    world.blocked = new Promise((resolve) => (unblock = resolve));
    const handle =
      (account: Account): LogHandler =>
      ({ body }, context) => {
        account.add(body as number);
        context.send('world', body);
      };
    const { log, account } = await open(store, handle, { sinks: { world }, maxUnconfirmed: 1_000, atomic: false });
    for (let n = 0; n < 10; n++)
      await Promise.all(Array.from({ length: 100 }, (_, i) => log.accept({ from: 'a', sequence: n * 100 + i + 1, body: 1 })));
    await expect.poll(() => log.unconfirmed).toBe(1_000);
    expect(await log.accept({ from: 'a', sequence: 1_001, body: 1 }).catch(code)).toBe('LOG_UNCONFIRMED');
    world.blocked = undefined;
    unblock();
    await log.drained();
    await log.accept({ from: 'a', sequence: 1_001, body: 1 });
    await log.drained();
    expect([account.balance, world.got.length, new Set(world.keys).size]).toEqual([1_001, 1_001, 1_001]);
    await log.close();
  });

  it('a handler that meets the cap is run again when there is room, and no attempt is counted', async () => {
    const store = memoryStore();
    const world = new Listener();
    let unblock = (): void => {};
    world.blocked = new Promise((resolve) => (unblock = resolve));
    const handle =
      (account: Account): LogHandler =>
      (_, context) => {
        account.add(1);
        for (let i = 0; i < 6; i++) context.send('world', i);
      };
    const { log, account, events } = await open(store, handle, { sinks: { world }, maxUnconfirmed: 10 });
    await Promise.all([1, 2, 3].map((sequence) => log.accept({ from: 'a', sequence, body: 1 })));
    await expect.poll(() => log.unconfirmed).toBe(6);
    world.blocked = undefined;
    unblock();
    await log.drained();
    expect([account.handled, world.got.length, new Set(world.keys).size]).toEqual([3, 18, 18]);
    expect(events.map(({ name }) => name)).not.toContain('log.handler.failed');
    await log.close();
  });

  it('a sender that leaves a hole is told when too much came above it', async () => {
    const { log } = await open(memoryStore(), adding);
    for (let n = 0; n < 10; n++)
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => log.accept({ from: 'a', sequence: n * 1_000 + i + 2, body: 0 })));
    const error = await log.accept({ from: 'a', sequence: 10_002, body: 0 }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'LOG_GAP', details: { missing: 1 } });
    await log.accept({ from: 'a', sequence: 1, body: 0 });
    expect(await log.accept({ from: 'a', sequence: 10_002, body: 0 })).toMatchObject({ duplicate: false });
    await log.close();
  });

  it('ML5 a thousand producers share commits: one under way, more than a hundred messages each', async () => {
    const store = memoryStore();
    let [open_, most, commits] = [0, 0, 0];
    const slow = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name !== 'commit') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return async (change: Change) => {
          open_ += 1;
          commits += 1;
          most = Math.max(most, open_);
          await new Promise((resolve) => setTimeout(resolve, 2));
          const done = await store.commit(change);
          open_ -= 1;
          return done;
        };
      },
    });
    const { log, account } = await open(slow, adding);
    commits = 0;
    const producer = async (p: number): Promise<void> => {
      for (let n = 1; n <= 10; n++) await log.accept({ from: `p${p}`, sequence: n, body: 1 });
    };
    await Promise.all(Array.from({ length: 1_000 }, (_, p) => producer(p)));
    await log.drained();
    expect(account.balance).toBe(10_000);
    expect(most).toBe(1);
    expect(10_000 / commits).toBeGreaterThan(100);
    await log.close();
  });
});
