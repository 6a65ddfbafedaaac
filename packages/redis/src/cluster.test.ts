import { describeStore } from '@redress/testkit';
import type { StoreUnderTest } from '@redress/testkit';
import type { Cluster } from 'ioredis';
import { afterAll } from 'vitest';
import { TestCluster } from './cluster.fixture.js';
import { redisStore } from './redis-store.js';
import { missingServer } from './server.fixture.js';

let shared: Promise<TestCluster> | undefined;
afterAll(async () => (await shared)?.remove());

async function underTest(): Promise<StoreUnderTest> {
  const cluster = await (shared ??= TestCluster.start());
  await cluster.empty();
  let open: { readonly client: Cluster; close(): Promise<void> }[] = [];
  const closeAll = async (): Promise<void> => {
    for (const store of open) {
      await store.close();
      store.client.disconnect();
    }
    open = [];
  };
  return {
    durable: true,
    async connect(namespace = 'default') {
      const client = cluster.client();
      const store = await redisStore({ client }, { namespace });
      open.push({ client, close: () => store.close() });
      return store;
    },
    async reopen() {
      await closeAll();
      await cluster.restart();
    },
    dispose: closeAll,
  };
}

describeStore('redisStore on a cluster of three masters', underTest, { unavailable: missingServer() });
