import type { Store } from '@redress/core';
import { describeStore } from '@redress/testkit';
import { Redis } from 'ioredis';
import { afterAll } from 'vitest';
import type { RedisStoreOptions } from './options.js';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const unavailable = missingServer();
let shared: Promise<Server> | undefined;
afterAll(async () => (await shared)?.remove());

/** One server for all laws, emptied for each; `reopen` kills it with everything in it that is not on the disk. */
async function underTest(connect: (server: Server, options: RedisStoreOptions) => Promise<Store>, spoil?: (server: Server) => () => void) {
  const server = await (shared ??= Server.start());
  await server.command('FLUSHALL');
  const stop = spoil?.(server);
  let stores: Store[] = [];
  const closeAll = async (): Promise<void> => {
    for (const store of stores) await store.close();
    stores = [];
  };
  return {
    durable: true,
    async connect(namespace = 'default') {
      const store = await connect(server, { namespace });
      stores.push(store);
      return store;
    },
    async reopen() {
      await closeAll();
      await server.kill();
      await server.up();
    },
    async dispose() {
      stop?.();
      await closeAll();
    },
  };
}

describeStore('redisStore with a URL', () => underTest((server, options) => redisStore({ url: server.url }, options)), { unavailable });

/** A client as an application may have it, with what changes the way of keys and commands. */
async function onClient(server: Server, options: RedisStoreOptions): Promise<Store> {
  const client = new Redis(server.port, '127.0.0.1', { keyPrefix: 'app:', enableAutoPipelining: true, replyMapping: 'resp3' });
  const store = await redisStore({ client }, { ...options, partitions: 3 });
  const close = store.close.bind(store);
  return Object.assign(store, {
    async close() {
      await close();
      client.disconnect();
    },
  });
}

/** The server forgets its scripts every few milliseconds. */
function forgetful(server: Server): () => void {
  const client = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 10 });
  client.on('error', () => {});
  const timer = setInterval(() => void client.script('FLUSH').catch(() => {}), 3);
  return () => {
    clearInterval(timer);
    client.disconnect();
  };
}

describeStore('redisStore with a client, whose scripts are forgotten all the time', () => underTest(onClient, forgetful), { unavailable });
