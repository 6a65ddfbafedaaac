import { describe, expect, it } from 'vitest';
import type { LogHandler } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { open } from './account.js';
import type { Account } from './account.js';

describe('a handler that fails behind an effect', () => {
  it('keeps what it took before the effect for its next attempt, and for a replay', async () => {
    const store = memoryStore();
    let attempts = 0;
    let effects = 0;
    const seen: number[] = [];
    const flaky =
      (account: Account): LogHandler =>
      async (_, context) => {
        const chance = context.random();
        seen.push(chance);
        account.add(chance);
        await context.effect('ask', () => (effects += 1));
        account.add(context.random());
        await context.effect('tell', () => (effects += 1));
        attempts += 1;
        if (attempts < 2) throw new Error('not now');
      };
    const { log, account } = await open(store, flaky);
    const { done } = await log.accept({ body: 1 });
    await done;
    await log.close();
    expect([attempts, effects, account.handled]).toEqual([2, 2, 2]);
    expect(seen[1]).toBe(seen[0]);
    const second = await open(store, flaky);
    expect(second.account.balance).toBe(account.balance);
    await second.log.close();
  });
});

it('a checkpoint that was asked for and not taken, since the log has ended, is told so', async () => {
  let attempt = 0;
  let asked: Promise<unknown> = Promise.resolve();
  const { log } = await open(memoryStore(), () => async (_, context) => {
    attempt += 1;
    if (attempt === 1) context.now();
    else {
      asked = log.checkpoint().catch((error: unknown) => error);
      context.random();
    }
    throw new Error('not now');
  });
  const { done } = await log.accept({ body: 1 });
  await expect(done).rejects.toMatchObject({ code: 'LOG_NON_DETERMINISM' });
  expect(await asked).toMatchObject({ code: 'LOG_NON_DETERMINISM' });
});
