import { describe, expect, it } from 'vitest';
import { RedressError } from '@redress/core';
import type { LogContext, LogHandler, Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { adding, Listener, open } from './account.js';
import type { Account } from './account.js';

const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));

async function failure(opening: Promise<unknown>): Promise<unknown> {
  return opening.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a replay', () => {
  it('ML9 tells a handler that takes time past its context, with the position', async () => {
    const store = memoryStore();
    const handle = () => (_: unknown, context: LogContext) => void context.send('world', performance.now());
    const first = await open(store, handle, { sinks: { world: new Listener() } });
    for (let n = 1; n <= 3; n++) await (await first.log.accept({ body: n })).done;
    await first.log.close();
    const error = await failure(open(store, handle, { sinks: { world: new Listener() } }));
    expect(code(error)).toBe('LOG_NON_DETERMINISM');
    expect(error).toMatchObject({
      position: 1,
      details: { position: 1, expected: expect.stringContaining('an output for world') as unknown },
    });
  });

  it('ML10 tells code that was changed, and lets patched code through, for the old messages and the new ones', async () => {
    const store = memoryStore();
    const [world, mail] = [new Listener(), new Listener()];
    const sinks = { world, mail };
    const old = () => (_: unknown, context: LogContext) => {
      context.send('mail', 'hello');
      context.send('world', 1);
    };
    const changed = () => (_: unknown, context: LogContext) => void context.send('world', 1);
    const patched = () => (_: unknown, context: LogContext) => {
      if (!context.patched('no-mail')) context.send('mail', 'hello');
      context.send('world', 1);
    };
    const first = await open(store, old, { sinks });
    await (
      await first.log.accept({ body: 1 })
    ).done;
    await first.log.drained();
    await first.log.close();
    const error = await failure(open(store, changed, { sinks }));
    expect(error).toMatchObject({ code: 'LOG_NON_DETERMINISM', details: { expected: 'an output for mail', actual: 'one for world' } });
    const second = await open(store, patched, { sinks });
    await (
      await second.log.accept({ body: 2 })
    ).done;
    await second.log.drained();
    await second.log.close();
    expect(mail.keys).toEqual(['account/1/0']);
    const third = await open(store, patched, { sinks });
    await third.log.close();
  });

  it('refuses a handler that swallows what tells it apart, and one that does more or less than before', async () => {
    const store = memoryStore();
    const sinks = { world: new Listener() };
    const first = await open(store, () => (_, context) => void context.send('world', context.random()), { sinks });
    await (
      await first.log.accept({ body: 1 })
    ).done;
    await first.log.close();
    const swallowing: LogHandler = (_, context) => {
      try {
        context.send('world', 0);
      } catch {
        // Goes on as if nothing were.
      }
    };
    expect(code(await failure(open(store, () => swallowing, { sinks })))).toBe('LOG_NON_DETERMINISM');
    const other: LogHandler = (_, context) => {
      context.random();
      swallowing(_, context);
    };
    expect(code(await failure(open(store, () => other, { sinks })))).toBe('LOG_NON_DETERMINISM');
    expect(code(await failure(open(store, () => () => {}, { sinks })))).toBe('LOG_NON_DETERMINISM');
    expect(code(await failure(open(store, () => () => Promise.reject(new Error('now it throws')), { sinks })))).toBe('LOG_NON_DETERMINISM');
    const more: LogHandler = (_, context) => {
      context.send('world', context.random());
      context.now();
    };
    expect(code(await failure(open(store, () => more, { sinks })))).toBe('LOG_NON_DETERMINISM');
  });

  it('ML12 goes page by page: a hundred thousand messages since the checkpoint, a thousand records at a time', async () => {
    const isFull = process.env['REDRESS_TESTS'] === 'full';
    const count = isFull ? 1_000_000 : 50_000;
    const store = memoryStore();
    const first = await open(store, adding, { checkpointEvery: 10_000_000 });
    for (let n = 0; n < count; n += 1_000)
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => first.log.accept({ from: 'a', sequence: n + i + 1, body: 1 })));
    await first.log.drained();
    await first.log.close();
    let most = 0;
    const watched = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name !== 'load') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return async (...args: Parameters<Store['load']>) => {
          const loaded = await store.load(...args);
          most = Math.max(
            most,
            (loaded?.entries ?? []).reduce((sum, { data }) => sum + String(data).split('"in"').length - 1, 0),
          );
          return loaded;
        };
      },
    });
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().heapUsed - before)), 5);
    const second = await open(watched, adding);
    clearInterval(timer);
    expect(second.account).toMatchObject({ balance: count, handled: count });
    expect(most).toBeLessThanOrEqual(2_000);
    expect(second.events.filter(({ name }) => name === 'log.replaying').length).toBeGreaterThan(count / 3_000);
    if (isFull)
      console.log(`replayed ${count} messages; at most ${most} in a page; heap grew by ${Math.round(peak / 2 ** 20)} MiB at most`);
    expect(peak).toBeLessThan(200 * 2 ** 20);
    await second.log.close();
  }, 180_000);

  it('is given up when nothing happens for too long, and only then', async () => {
    const store = memoryStore();
    const first = await open(store, adding);
    for (let n = 1; n <= 6; n++) await (await first.log.accept({ body: n })).done;
    await first.log.close();
    const slow =
      (account: Account): LogHandler =>
      async ({ body }) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        account.add(body as number);
      };
    const second = await open(store, slow, { inactivityMs: 450 });
    expect(second.account.balance).toBe(21);
    await second.log.close();
    const never = (): LogHandler => () => new Promise(() => {});
    expect(code(await failure(open(store, never, { inactivityMs: 50 })))).toBe('LOG_REPLAY_STALLED');
  });
});
