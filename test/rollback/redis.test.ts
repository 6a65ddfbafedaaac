import { afterEach, describe, expect, it } from 'vitest';
import { logStreamOf, RedressError } from '@redress/core';
import type { LogHandler, Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { redisStore } from '@redress/redis';
import type { RedisStoreOptions } from '@redress/redis';
import { Replicated } from '../../packages/redis/src/replicas.fixture.js';
import { DURABLE, missingServer, Server } from '../../packages/redis/src/server.fixture.js';
import type { Settings } from '../../packages/redis/src/server.fixture.js';
import { adding, Listener, open } from './account.js';
import type { Account } from './account.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the logs over Redis: ${missing}.\n`);
const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(settings?: Settings): Promise<Server> {
  const server = await Server.start(settings);
  cleanups.push(() => server.remove());
  return server;
}

async function connect(server: Server, options: RedisStoreOptions = {}): Promise<Store> {
  const store = await redisStore({ url: server.url }, { commandTimeoutMs: 1_000, ...options });
  cleanups.push(() => store.close());
  return store;
}

const sending =
  (account: Account): LogHandler =>
  ({ body }, context) => {
    account.add(body as number);
    context.send('world', account.balance);
  };

/** Sends 1, 2, 3 … until it is told to stop, and keeps the numbers that were acknowledged. */
function producer(accept: (n: number) => Promise<unknown>): { readonly acknowledged: number[]; stop(): Promise<void> } {
  const acknowledged: number[] = [];
  let isOver = false;
  let next = 1;
  const lane = async (): Promise<void> => {
    while (!isOver) {
      const n = next++;
      await accept(n).then(
        () => acknowledged.push(n),
        () => {},
      );
    }
  };
  const lanes = Promise.all(Array.from({ length: 50 }, lane));
  return {
    acknowledged,
    async stop() {
      isOver = true;
      await lanes;
    },
  };
}

describe.skipIf(missing !== undefined)('a message log over Redis', () => {
  it('RS1 is refused where the server is less durable than what is required, with what to change', async () => {
    const server = await start({ appendonly: 'yes', appendfsync: 'everysec' });
    const refusal = await redisStore({ url: server.url }, { durability: 'host' }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'CONFIG_STORE_PERSISTENCE', message: expect.stringContaining('appendfsync always') as string });
    const weak = await connect(server);
    const error = await open(weak, adding, { requires: 'host' }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('requires the durability "host"') as string });
    expect(await weak.load(logStreamOf('account'))).toBeUndefined();
    expect(code(await open(memoryStore(), adding, { requires: 'host' }).catch((one: unknown) => one))).toBe('CONFIG_INVALID');
  });

  it('RS2 acknowledges nothing that too few replicas have, and goes on when they are back', async () => {
    const all = await Replicated.start(1);
    cleanups.push(() => all.remove());
    const store = await connect(all.master, { wait: { replicas: 1, timeoutMs: 200 } });
    const { log, account } = await open(store, adding);
    await log.accept({ from: 'a', sequence: 1, body: 1 });
    all.replicas[0]?.pause();
    let isAcknowledged = false;
    const late = log.accept({ from: 'a', sequence: 2, body: 2 }).then(() => (isAcknowledged = true));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(isAcknowledged).toBe(false);
    all.replicas[0]?.resume();
    await late;
    await log.drained();
    expect(account.balance).toBe(3);
    await log.close();
  });

  it('RS3 is refused by a server that evicts, and leaves no key with an end', async () => {
    const evicting = await start({ ...DURABLE, 'maxmemory-policy': 'allkeys-lru' });
    expect(code(await redisStore({ url: evicting.url }).catch((error: unknown) => error))).toBe('CONFIG_STORE_EVICTION');
    const server = await start();
    const { log } = await open(await connect(server), adding, { checkpointEvery: 3 });
    for (let n = 1; n <= 10; n++) await log.accept({ from: 'a', sequence: n, body: n });
    await log.close();
    const keys = (await server.command('KEYS', '*')) as readonly string[];
    const ends = await Promise.all(keys.map((key) => server.command('PTTL', key)));
    expect(keys.length).toBeGreaterThan(1);
    expect(new Set(ends)).toEqual(new Set([-1]));
  });

  /** Kills the server under load and starts it again; what the next process finds, and what had been acknowledged. */
  async function afterKill(
    settings: Settings,
    goesOn: boolean,
  ): Promise<{ handled: number; acknowledged: number; beforeKill: number; first: number }> {
    const server = await start(settings);
    const { log, account } = await open(await connect(server), adding, { onRegression: 'stop' });
    const load = producer((n) => log.accept({ from: 'a', sequence: n, body: 1 }));
    await expect.poll(() => load.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(500);
    await server.kill();
    const beforeKill = load.acknowledged.length;
    await server.up();
    await expect.poll(() => !goesOn || load.acknowledged.length > beforeKill, { timeout: 20_000 }).toBe(true);
    // What is under way comes to its end, unless the log was lost.
    await Promise.race([load.stop(), new Promise((resolve) => setTimeout(resolve, 5_000))]);
    await log.close().catch(() => {});
    const second = await open(await connect(server), adding);
    await second.log.drained();
    const { handled } = second.account;
    // The sequences that are there are the first ones: none is missing in between, and none is there twice.
    for (const n of [1, Math.ceil(handled / 2), handled]) {
      expect(await second.log.accept({ from: 'a', sequence: n, body: 1 })).toMatchObject({ duplicate: true });
    }
    expect(second.account.handled).toBe(handled);
    await second.log.close();
    return { handled, acknowledged: load.acknowledged.length, beforeKill, first: account.handled };
  }

  it('RS4 has all that was acknowledged after kill -9 of the server under load: fsync', async () => {
    const { handled, acknowledged, beforeKill, first } = await afterKill({ appendonly: 'yes', appendfsync: 'always' }, true);
    expect(acknowledged).toBeGreaterThan(beforeKill);
    expect(handled).toBe(first);
    expect(handled).toBeGreaterThanOrEqual(acknowledged);
  }, 60_000);

  it('RS4 has a prefix of what was acknowledged after kill -9 of the server under load: buffered', async () => {
    const { handled } = await afterKill({ appendonly: 'yes', appendfsync: 'everysec' }, false);
    expect(handled).toBeGreaterThan(0);
  }, 60_000);

  it('RS5 a server that comes back with less than was acknowledged is told by the next append, and all is written anew', async () => {
    const server = await start({ ...DURABLE, 'auto-aof-rewrite-percentage': '0' });
    const world = new Listener();
    const { log, account, events } = await open(await connect(server), sending, { sinks: { world } });
    for (let n = 1; n <= 20; n++) await log.accept({ from: 'a', sequence: n, body: n });
    await log.drained();
    await server.kill();
    await server.loseTail(2_500);
    await server.up();
    await log.accept({ from: 'a', sequence: 21, body: 21 });
    await log.drained();
    expect(events.map(({ name }) => name).filter((name) => /regressed|mended/.test(name))).toEqual(['log.regressed', 'log.mended']);
    expect(account.balance).toBe(231);
    await log.close();
    const second = await open(await connect(server), sending, { sinks: { world } });
    await second.log.drained();
    expect(second.account).toMatchObject({ balance: 231, handled: 21 });
    for (let n = 1; n <= 21; n++) expect(await second.log.accept({ from: 'a', sequence: n, body: n })).toMatchObject({ duplicate: true });
    expect(new Set(world.keys).size).toBe(21);
    await second.log.close();
  }, 60_000);
});
