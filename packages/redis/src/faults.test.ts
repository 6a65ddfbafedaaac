import { rm } from 'node:fs/promises';
import type { Change, Head, Store } from '@redress/core';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { DURABLE, missingServer, Server } from './server.fixture.js';
import type { Settings } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the faults of a Redis server: ${missing}.\n`);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(settings: Settings = DURABLE): Promise<Server> {
  const server = await Server.start(settings);
  cleanups.push(() => server.remove());
  return server;
}

async function connect(server: Server, commandTimeoutMs = 5_000): Promise<Store> {
  const store = await redisStore({ url: server.url }, { commandTimeoutMs });
  cleanups.push(() => store.close());
  return store;
}

function creation(id: string, data = 'x'): Change {
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'created', type: 't', data }] };
}

function next(head: Head, key: string, data = 'x'): Change {
  return { id: head.id, expect: head, entries: [{ key, type: 't', data }] };
}

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', retryable: true };

describe.skipIf(missing !== undefined)('a store on a server that fails', () => {
  it('is told within the time limit when the server does not answer, and goes on with it afterwards', async () => {
    const server = await start();
    const store = await connect(server, 300);
    const { head } = await store.commit(creation('a'));
    server.pause();
    const from = performance.now();
    const change = next(head, 'k1');
    const verbs = [store.commit(change), store.load('a'), store.now(), store.scan({}), store.renew('w', ['a'], 1_000)];
    for (const result of await Promise.allSettled(verbs)) expect(result).toMatchObject({ reason: UNAVAILABLE });
    expect(performance.now() - from).toBeLessThan(3_000);
    server.resume();
    // The lost one may have been applied: its keys make the repetition harmless.
    expect((await store.commit(change)).head).toMatchObject({ version: 2, length: 2 });
  });

  it('is told at once when the connection is lost, and finds the server again', async () => {
    const server = await start();
    const store = await connect(server);
    const { head } = await store.commit(creation('a'));
    const from = performance.now();
    await server.kill();
    await expect(store.commit(next(head, 'k1'))).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - from).toBeLessThan(2_000);
    await server.up();
    const change = next(head, 'k2');
    await expect
      .poll(
        () =>
          store.commit(change).then(
            ({ head: { version } }) => version,
            () => 0,
          ),
        { timeout: 5_000 },
      )
      .toBe(2);
  });

  it('never hangs on a client that waits for ever', async () => {
    const server = await start();
    const client = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    client.on('error', () => {});
    cleanups.push(async () => client.disconnect());
    const store = await redisStore({ client }, { commandTimeoutMs: 300 });
    await server.kill();
    await expect(store.now()).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining('300 ms') });
    await expect(store.commit(creation('a'))).rejects.toMatchObject(UNAVAILABLE);
  });

  it('keeps whatever was answered before kill -9, when the server syncs always', async () => {
    const server = await start();
    const store = await connect(server);
    const answered = new Map<string, Head>();
    const writer = async (id: string): Promise<void> => {
      let { head } = await store.commit(creation(id));
      for (let i = 0; ; i += 1) {
        answered.set(id, head);
        ({ head } = await store.commit({ ...next(head, `k${i}`, 'y'.repeat(300)), head: { meta: `${i}`, wake: { inMs: 1_000 } } }));
      }
    };
    const writers = Promise.allSettled(Array.from({ length: 16 }, (_, i) => writer(`w${i}`)));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.kill();
    for (const result of await writers) expect(result).toMatchObject({ reason: UNAVAILABLE });
    await server.up();
    const again = await connect(server);
    expect(answered.size).toBe(16);
    for (const [id, seen] of answered) {
      const loaded = await again.load(id);
      expect(loaded?.entries).toHaveLength(loaded?.head.length ?? -1);
      expect(loaded?.head.version).toBeGreaterThanOrEqual(seen.version);
      expect(loaded?.head.version).toBeLessThanOrEqual(seen.version + 1);
      expect((await again.scan({ order: 'wake' })).heads.find((head) => head.id === id)).toEqual(loaded?.head);
    }
  }, 30_000);

  it('says that the server has become a read-only replica, and goes on when it is a master again', async () => {
    const server = await start();
    const store = await connect(server);
    const { head } = await store.commit(creation('a'));
    await server.command('REPLICAOF', '127.0.0.1', '1');
    await expect(store.commit(next(head, 'k1'))).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('read-only replica'),
    });
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await store.commit(next(head, 'k1'))).toMatchObject({ applied: true });
  });

  it('writes nothing when the memory is full, says so, and can still be read', async () => {
    const server = await start();
    const store = await connect(server);
    const { head } = await store.commit({ ...creation('a'), head: { wake: { at: 1 }, status: 's' } });
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const full = { ...UNAVAILABLE, message: expect.stringContaining('no memory left') };
    await expect(store.commit({ ...next(head, 'k1'), head: { status: 'after', wake: null } })).rejects.toMatchObject(full);
    await expect(store.claim({ owner: 'w', kinds: ['k'], names: ['n'], leaseMs: 1_000, limit: 1 })).rejects.toMatchObject(full);
    expect(await store.load('a')).toMatchObject({ head, entries: [{ key: 'created' }] });
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await store.commit(next(head, 'k1'))).toMatchObject({ applied: true });
  });

  it('says that the server cannot save', async () => {
    const server = await start({ save: '3600 1' });
    const store = await connect(server);
    await store.commit(creation('a'));
    await rm(server.folder, { recursive: true });
    await server.command('BGSAVE');
    let tries = 0;
    const write = (): Promise<unknown> => store.commit(creation(`b${(tries += 1)}`)).catch((error: unknown) => error);
    await expect.poll(write).toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining('cannot save') });
  });

  it('finds its scripts again after SCRIPT FLUSH, in the middle of a turn of many', async () => {
    const server = await start();
    const store = await connect(server);
    const heads = await Promise.all(Array.from({ length: 50 }, async (_, i) => (await store.commit(creation(`s${i}`))).head));
    await server.command('SCRIPT', 'FLUSH');
    const commits = await Promise.all(heads.map((head) => store.commit(next(head, 'k1'))));
    expect(commits.every(({ applied, head: { version } }) => applied && version === 2)).toBe(true);
  });
});
