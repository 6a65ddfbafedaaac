import { describe, expect, it } from 'vitest';
import { logStreamOf, openMessageLog, outputOf, RedressError, streamSink } from '@redress/core';
import type { LogHandler, Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { adding, bound, open } from './account.js';
import type { Account } from './account.js';

const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));

describe('what a log keeps', () => {
  it('a stream sink applies each output once, whoever delivers it again, and ML16 tells one with another body', async () => {
    const store = memoryStore();
    const sink = streamSink(store, 'letters');
    const letter = (n: number, body: string) => ({ key: `p/${n}/0`, sequence: n, from: 'p', body });
    await sink.deliver([letter(1, 'a'), letter(2, 'b')]);
    await streamSink(store, 'letters').deliver([letter(2, 'b'), letter(3, 'c')]);
    await sink.deliver([letter(1, 'a')]);
    const entries = (await store.load('letters'))?.entries ?? [];
    expect(entries.map((entry) => outputOf(entry).body)).toEqual(['a', 'b', 'c']);
    expect(await sink.deliver([letter(2, 'other')]).catch(code)).toBe('LOG_OUTPUT_DIVERGENCE');
  });

  it('keeps two checkpoints, trims what is before them, and takes the older one when the newer is damaged', async () => {
    const store = memoryStore();
    const first = await open(store, adding, { checkpointEvery: 5 });
    for (let n = 1; n <= 23; n++) await first.log.accept({ from: 'a', sequence: n, body: n });
    await first.log.close();
    const { entries = [] } = (await store.load(logStreamOf('account'))) ?? {};
    expect(entries[0]?.index).toBeGreaterThan(5);
    const isNewest = (index: number): boolean => index === entries.findLast(({ type }) => type === 'chunk')?.index;
    const damaged = new Proxy(store, {
      get: (target, name) =>
        name !== 'load'
          ? bound(target, name)
          : async (...args: Parameters<Store['load']>) => {
              const loaded = await store.load(...args);
              return (
                loaded && {
                  ...loaded,
                  entries: loaded.entries.map((one) => (isNewest(one.index) ? { ...one, data: `${String(one.data)} ` } : one)),
                }
              );
            },
    });
    const second = await open(damaged, adding);
    expect(second.account).toMatchObject({ balance: 276, handled: 23 });
    expect(second.events.map(({ name }) => name)).toContain('log.checkpoint.unreadable');
    await second.log.close();
  });

  it('leaves messages in the log that wait for the handler when a checkpoint is taken', async () => {
    const store = memoryStore();
    let let_ = (): void => {};
    const all = new Promise<void>((resolve) => (let_ = resolve));
    const stops =
      (account: Account): LogHandler =>
      async ({ body }) => {
        await (body === 3 ? new Promise(() => {}) : all);
        account.add(body as number);
      };
    const first = await open(store, stops, { checkpointEvery: 1, keep: 1 });
    await Promise.all([1, 2, 3, 4, 5].map((n) => first.log.accept({ from: 'a', sequence: n, body: n })));
    let_();
    await expect.poll(() => first.events.filter(({ name }) => name === 'log.checkpoint').length).toBe(2);
    const second = await open(store, adding);
    await second.log.drained();
    expect(second.account).toMatchObject({ balance: 15, handled: 5 });
    expect(await second.log.accept({ from: 'a', sequence: 5, body: 5 })).toMatchObject({ duplicate: true });
    await second.log.close();
  });

  it('keeps a state of any size, in chunks and more than one commit', async () => {
    const store = memoryStore();
    const big = (text: string) => ({
      id: 'big',
      text,
      capture: () => big_.text,
      restore: (state: unknown) => void (big_.text = state === undefined ? '' : (state as string)),
    });
    const big_ = big('');
    const handle = () => void (big_.text = '🎈'.repeat(700_001));
    const log = await openMessageLog({ store, state: big_, handle, keep: 1 });
    await (
      await log.accept({ body: 1 })
    ).done;
    await log.checkpoint();
    await log.close();
    big_.text = '';
    const again = await openMessageLog({ store, state: big_, handle: () => expect.unreachable(), keep: 1 });
    expect(big_.text).toBe('🎈'.repeat(700_001));
    await again.close();
  });
});
