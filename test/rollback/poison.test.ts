import { describe, expect, it } from 'vitest';
import { logStreamOf, outputOf } from '@redress/core';
import type { LogHandler } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { open } from './account.js';
import type { Account } from './account.js';

describe('poison', () => {
  const picky =
    (bad: number) =>
    (account: Account): LogHandler =>
    ({ body }) => {
      // Half of it is done before it throws.
      account.add(body as number);
      if (body === bad) throw new RangeError(`cannot take ${String(body)}`);
      return account.balance;
    };

  it('ML11 a message that always throws is parked after three attempts with its position, and nothing of it stays', async () => {
    const store = memoryStore();
    const { log, account, events } = await open(store, picky(3));
    const receipts = [];
    for (let n = 1; n <= 5; n++) receipts.push(await log.accept({ from: 'a', sequence: n, body: n }));
    await log.drained();
    expect(account).toMatchObject({ balance: 12, handled: 4 });
    expect(await receipts[2]?.done.catch(String)).toBe('RangeError: cannot take 3');
    expect(await receipts[4]?.done).toBe(12);
    expect(events.filter(({ name }) => name === 'log.handler.failed').length).toBe(3);
    const dead = (await store.load(`${logStreamOf('account')}/dead`))?.entries ?? [];
    expect(dead.map((entry) => outputOf(entry).body)).toEqual([
      { position: 3, from: 'a', sequence: 3, type: '', body: 3, why: 'cannot take 3' },
    ]);
    await log.close();
    const second = await open(store, picky(3));
    expect(second.account).toMatchObject({ balance: 12, handled: 4 });
    await second.log.close();
    expect((await store.load(`${logStreamOf('account')}/dead`))?.entries.length).toBe(1);
  });

  it('an attempt that succeeds later counts, and is what a replay repeats', async () => {
    const store = memoryStore();
    let attempts = 0;
    const flaky =
      (account: Account): LogHandler =>
      async (_, context) => {
        account.add(context.random());
        await context.effect('ask', () => {
          attempts += 1;
          if (attempts < 3) throw new Error('not now');
          return attempts;
        });
      };
    const { log, account } = await open(store, flaky);
    await (
      await log.accept({ body: 1 })
    ).done;
    await log.close();
    expect([attempts, account.handled]).toEqual([3, 1]);
    const second = await open(store, flaky);
    expect([attempts, second.account.balance]).toEqual([3, account.balance]);
    await second.log.close();
  });

  it('a message that no process survives is parked too, without its handler being called again', async () => {
    const database = createMemoryDatabase();
    const store = memoryStore({ shared: database });
    let calls = 0;
    // The handler that never comes back stands for a process that ends in it.
    const deadly =
      (account: Account): LogHandler =>
      ({ body }) => {
        if (body !== 2) return account.add(body as number);
        calls += 1;
        return new Promise(() => {});
      };
    const first = await open(store, deadly, { crashes: 3 });
    for (let n = 1; n <= 3; n++) await first.log.accept({ from: 'a', sequence: n, body: n });
    for (let life = 1; life <= 3; life++) await open(store, deadly, { crashes: 3 });
    const last = await open(store, deadly, { crashes: 3 });
    await last.log.drained();
    expect([last.account.balance, calls]).toEqual([4, 4]);
    await last.log.close();
  });
});
