import { describe, expect, it } from 'vitest';
import { logStreamOf, outputOf, RedressError, systemClock } from '@redress/core';
import type { Change, Entry, LogContext, LogHandler, ReplayMode, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { ReplayFilter } from '../../packages/core/src/rollback/log/replay-filter.js';
import { Account, adding, Listener, open } from './account.js';

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
    expect(error).toMatchObject({ position: 1, details: { position: 1, expected: expect.stringContaining('an output for world') as unknown } });
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
    await (await first.log.accept({ body: 1 })).done;
    await first.log.drained();
    await first.log.close();
    const error = await failure(open(store, changed, { sinks }));
    expect(error).toMatchObject({ code: 'LOG_NON_DETERMINISM', details: { expected: 'an output for mail', actual: 'one for world' } });
    const second = await open(store, patched, { sinks });
    await (await second.log.accept({ body: 2 })).done;
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
    await (await first.log.accept({ body: 1 })).done;
    await first.log.close();
    const swallowing: LogHandler = (_, context) => {
      try {
        context.send('world', 0);
      } catch {
        // Goes on as if nothing were.
      }
    };
    expect(code(await failure(open(store, () => swallowing, { sinks })))).toBe('LOG_NON_DETERMINISM');
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
    for (let n = 0; n < count; n += 1_000) await Promise.all(Array.from({ length: 1_000 }, (_, i) => first.log.accept({ from: 'a', sequence: n + i + 1, body: 1 })));
    await first.log.drained();
    await first.log.close();
    let most = 0;
    const watched = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (name !== 'load') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return async (...args: Parameters<Store['load']>) => {
          const loaded = await store.load(...args);
          most = Math.max(most, (loaded?.entries ?? []).reduce((sum, { data }) => sum + String(data).split('"in"').length - 1, 0));
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
    if (isFull) console.log(`replayed ${count} messages; at most ${most} in a page; heap grew by ${Math.round(peak / 2 ** 20)} MiB at most`);
    expect(peak).toBeLessThan(200 * 2 ** 20);
    await second.log.close();
  }, 180_000);

  it('is given up when nothing happens for too long, and only then', async () => {
    const store = memoryStore();
    const first = await open(store, adding);
    for (let n = 1; n <= 6; n++) await (await first.log.accept({ body: n })).done;
    await first.log.close();
    const slow = (account: Account): LogHandler => async ({ body }) => {
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

describe('poison', () => {
  const picky = (bad: number) => (account: Account): LogHandler => ({ body }) => {
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
    expect(dead.map((entry) => outputOf(entry).body)).toEqual([{ position: 3, from: 'a', sequence: 3, type: '', body: 3, why: 'cannot take 3' }]);
    await log.close();
    const second = await open(store, picky(3));
    expect(second.account).toMatchObject({ balance: 12, handled: 4 });
    await second.log.close();
    expect((await store.load(`${logStreamOf('account')}/dead`))?.entries.length).toBe(1);
  });

  it('an attempt that succeeds later counts, and is what a replay repeats', async () => {
    const store = memoryStore();
    let attempts = 0;
    const flaky = (account: Account): LogHandler => async (_, context) => {
      account.add(context.random());
      await context.effect('ask', () => {
        attempts += 1;
        if (attempts < 3) throw new Error('not now');
        return attempts;
      });
    };
    const { log, account } = await open(store, flaky);
    await (await log.accept({ body: 1 })).done;
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
    const deadly = (account: Account): LogHandler => ({ body }) => {
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

describe('too much', () => {
  it('ML15 beyond the cap of unconfirmed outputs messages are refused, and nothing is dropped', async () => {
    const store = memoryStore();
    const world = new Listener();
    let unblock = (): void => {};
    world.blocked = new Promise((resolve) => (unblock = resolve));
    const handle = (account: Account): LogHandler => ({ body }, context) => {
      account.add(body as number);
      context.send('world', body);
    };
    const { log, account } = await open(store, handle, { sinks: { world }, maxUnconfirmed: 1_000, atomic: false });
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 100 }, (_, i) => log.accept({ from: 'a', sequence: n * 100 + i + 1, body: 1 })));
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
    const handle = (account: Account): LogHandler => (_, context) => {
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
    for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 1_000 }, (_, i) => log.accept({ from: 'a', sequence: n * 1_000 + i + 2, body: 0 })));
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

describe('ML8 the filter of a replay', () => {
  const entry = (key: string, index: number): Entry => ({ key, index, type: 'records', data: '', at: 0 });
  const run = (mode: ReplayMode, ...keys: string[]): { readonly passed: string; readonly stale: string } => {
    const stale: string[] = [];
    const filter = new ReplayFilter(mode, ({ key }) => {
      stale.push(key);
      if (mode === 'fail') throw new Error(key);
    });
    const passed: string[] = [];
    try {
      keys.forEach((key, i) => void (filter.takes(entry(key, i)) && passed.push(key)));
    } catch {
      passed.push('stop');
    }
    return { passed: passed.join(' '), stale: stale.join(' ') };
  };
  const one = ['1.0', '1.1', '1.2'];
  const overlapping = ['1.0', '1.1', '2.0', '1.2', '2.1'];
  const several = ['1.0', '2.0', '3.0', '1.1', '2.1', '3.1'];

  it.each([
    ['fail', one, '1.0 1.1 1.2', ''],
    ['fail', ['1.0', '1.1', '2.0', '2.1', '5.0'], '1.0 1.1 2.0 2.1 5.0', ''],
    ['fail', overlapping, '1.0 1.1 2.0 stop', '1.2'],
    ['fail', several, '1.0 2.0 3.0 stop', '1.1'],
    ['repair', one, '1.0 1.1 1.2', ''],
    ['repair', overlapping, '1.0 1.1 2.0 2.1', '1.2'],
    ['repair', several, '1.0 2.0 3.0 3.1', '1.1 2.1'],
    ['warn', one, '1.0 1.1 1.2', ''],
    ['warn', overlapping, overlapping.join(' '), '1.2'],
    ['warn', several, several.join(' '), '1.1 2.1'],
    ['off', overlapping, overlapping.join(' '), ''],
    ['off', several, several.join(' '), ''],
  ] as const)('%s: %s', (mode, keys, passed, stale) => {
    expect(run(mode, ...keys)).toEqual({ passed, stale });
  });
});

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
    const handle = (account: Account): LogHandler => ({ body }, context) => {
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
    for (const mode of ['stop', 'middle'] as const) {
      const { store, keep, goBack } = forgetful();
      const handle = (account: Account): LogHandler => async ({ body }, context) => {
        if (mode === 'middle') await context.effect('ask', () => 1);
        account.add(body as number);
      };
      const { log } = await open(store, handle, { onRegression: mode === 'stop' ? 'stop' : 'repair' });
      keep();
      await (await log.accept({ from: 'a', sequence: 1, body: 1 })).done;
      goBack();
      expect(await log.accept({ from: 'a', sequence: 2, body: 2 }).catch(code)).toBe('STORE_REGRESSION');
      expect(code(await log.ended)).toBe('STORE_REGRESSION');
    }
  });
});
