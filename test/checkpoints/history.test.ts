import type { CheckpointInfo } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { live, missing, PLACES, shown } from './support.js';

const numbers = (all: readonly CheckpointInfo[]): unknown =>
  all.map(({ number, status, to }) => (to === undefined ? `${number} ${status}` : `${number} ${status} as ${to}`));

const places = Object.entries(PLACES).filter(([name]) => name !== 'redis' || missing === undefined);

describe.each(places)('checkpoints on %s', (_, make) => {
  it('are what the next life begins with', async () => {
    const open = await make();
    const first = live(open());
    expect(await first.handle.start()).toMatchObject({ number: 0, incarnation: 1, schemaVersion: undefined });
    await first.run((one) => {
      one.balance = 7;
      one.entries.set('b', { cents: 2 }).set('a', { cents: 1, text: 'ü\ud800' });
      one.marks.add('x');
      one.log.push('one', 'two');
    });
    await first.handle.save();
    await first.run((one) => {
      one.entries.delete('b');
      one.entries.set('b', { cents: 3 });
      one.entries.set('c', { cents: 4 });
      one.log.splice(0, 1);
      one.marks.clear();
    });
    expect(await first.handle.save()).toMatchObject({ number: 2, kind: 'delta' });
    await first.run((one) => (one.balance = 1000));

    const second = live(open());
    expect(await second.handle.start()).toMatchObject({ number: 2, incarnation: 2, schemaVersion: 1 });
    expect(shown(second.account)).toEqual({
      balance: 7,
      entries: [
        ['a', { cents: 1, text: 'ü\ud800' }],
        ['b', { cents: 3 }],
        ['c', { cents: 4 }],
      ],
      marks: [],
      log: ['two'],
    });
    // Whoever had it before has it no more.
    await expect(first.handle.save()).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SERVED' });
    await expect(first.run(() => 1)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SERVED' });
    await second.run((one) => (one.balance = 8));
    expect(await second.handle.save()).toMatchObject({ number: 3, kind: 'delta', incarnation: 2 });
  });

  it('are gone back to by a new one: numbers are never used again', async () => {
    const open = await make();
    const { account, handle, run } = live(open(), { keep: 10 });
    for (const balance of [1, 2, 3]) {
      await run((one) => (one.balance = balance));
      await handle.save();
    }
    await run((one) => (one.balance = 99));
    await handle.rollback();
    expect(account.balance).toBe(3);
    expect(await handle.rollback({ to: 1 })).toMatchObject({ number: 5, to: 1, incarnation: 3 });
    expect(account.balance).toBe(1);
    expect(numbers(await handle.history())).toEqual(['1 kept', '2 undone', '3 undone', '4 undone as 3', '5 current as 1']);
    await run((one) => (one.balance += 10));
    expect(await handle.save()).toMatchObject({ number: 6, after: 5 });
    const next = live(open(), { keep: 10 });
    await next.handle.start();
    expect(next.account.balance).toBe(11);
    await next.handle.rollback({ to: 2 });
    expect(next.account.balance).toBe(2);
    await next.handle.rollback({ to: 0 });
    expect(next.account.balance).toBe(100);
    await expect(next.handle.rollback({ to: 77 })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  });

  it('undo goes one step further back each time', async () => {
    const { account, handle, run } = live((await make())(), { keep: 20 });
    for (const balance of [1, 2, 3]) {
      await run((one) => (one.balance = balance));
      await handle.save();
    }
    await run((one) => (one.balance = 4));
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      await handle.undo();
      seen.push(account.balance);
    }
    expect(seen).toEqual([3, 2, 1, 100, 100]);
  });

  it('with a name are kept until they are dropped', async () => {
    const open = await make();
    const { account, handle, run } = live(open());
    await run((one) => one.entries.set('a', { cents: 1 }));
    await handle.savepoint('before');
    await expect(handle.savepoint('before')).rejects.toMatchObject({ code: 'CHECKPOINT_VERB' });
    for (let i = 0; i < 8; i++) {
      await run((one) => one.entries.set('a', { cents: i }));
      await handle.save();
    }
    expect(await handle.savepoints()).toEqual(['before']);
    await handle.rollback({ to: 'before' });
    expect(account.entries.get('a')).toEqual({ cents: 1 });
    expect(await handle.dropSavepoint('before')).toBe(true);
    expect(await handle.dropSavepoint('before')).toBe(false);
    await expect(handle.rollback({ to: 'before' })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
  });

  it('ST1 are found by number and by time, dropped one by one and in ranges, and never overwritten', async () => {
    const open = await make();
    const store = open();
    const { account, handle, run } = live(store, { keep: 3 });
    expect(await handle.history()).toEqual([]);
    for (let balance = 1; balance <= 5; balance++) {
      await run((one) => (one.balance = balance));
      await handle.save();
    }
    const history = await handle.history();
    expect(history.map(({ number }) => number)).toEqual([3, 4, 5]);
    const [earliest] = history.filter(({ at }) => at >= (history[1]?.at ?? 0));
    await handle.rollback({ to: earliest?.number ?? 0 });
    expect(account.balance).toBe(earliest?.number);
    await expect(handle.rollback({ to: 1 })).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    // What was not changed is not written again, and nothing gets the number of something else.
    const last = (await handle.history()).at(-1);
    expect((await handle.save()).number).toBe(last?.number);
    // Three that stand by themselves: what came before is gone, all at once.
    await handle.rollback();
    await handle.rollback();
    const keys = ((await store.load('checkpoint/Account/a1'))?.entries ?? []).map(({ key }) => key);
    expect(keys.filter((key) => /^c\d+$/.test(key))).toEqual(['c6', 'c7', 'c8']);
    for (const name of ['one', 'two', '100 %/3']) await handle.savepoint(name);
    expect(await handle.dropSavepoint('two')).toBe(true);
    expect(await handle.savepoints()).toEqual(['100 %/3', 'one']);
    await expect(handle.savepoint('one')).rejects.toMatchObject({ code: 'CHECKPOINT_VERB' });
  });

  it('ST1 of a large state are stored in pieces of 256 KiB', async () => {
    const open = await make();
    const store = open();
    const { handle, run } = live(store);
    await run((one) => {
      for (let i = 0; i < 3000; i++) one.entries.set(`k${i}`, { cents: i, text: 'x'.repeat(500) });
    });
    const info = await handle.save();
    const entries = (await store.load('checkpoint/Account/a1'))?.entries ?? [];
    const pieces = entries.filter(({ type }) => type === 'checkpoint.chunk');
    expect(pieces).toHaveLength(Math.ceil(info.bytes / (256 * 1024)));
    expect(Math.max(...pieces.map(({ data }) => data.length))).toBeLessThanOrEqual(256 * 1024);
    const next = live(open());
    await next.handle.start();
    expect(next.account.entries.size).toBe(3000);
    expect(next.account.entries.get('k2999')?.cents).toBe(2999);
  });
});
