import { StoreUnavailableError } from '@redress/core';
import type { Change, Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.fixture.js';
import { redisStore } from './redis-store.js';
import { missingServer } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped a replicated Redis Cluster: ${missing}.\n`);

function creation(id: string): Change {
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'created', type: 't', data: 'x' }] };
}

/** Repeats a commit until it is answered, and asks for nothing else: it alone must find the way. */
async function committed(store: Store, change: Change): Promise<void> {
  for (;;) {
    try {
      await store.commit(change);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe.skipIf(missing !== undefined)('a store on a cluster whose commits wait for replicas', () => {
  it('follows its slots through a failover by hand and through the death of a master, and loses nothing that it answered', async () => {
    const cluster = await TestCluster.start(3, 1);
    const client = cluster.client();
    client.on('error', () => {});
    try {
      await using store = await redisStore({ client }, { wait: { replicas: 1 } });
      expect(store.durability).toBe('replicated');
      const ids = Array.from({ length: 40 }, (_, i) => `s${i}`);
      const heads = await Promise.all(ids.map(async (id) => (await store.commit(creation(id))).head));
      const handOver = async (): Promise<string> => {
        // Asked again where the servers do not know each other well enough yet.
        await cluster.replicas[0]?.command('cluster', 'FAILOVER').catch(() => {});
        return String(await cluster.servers[0]?.command('ROLE'));
      };
      await expect.poll(handOver, { timeout: 20_000, interval: 500 }).toMatch(/^slave/);
      const entries = [{ key: 'after the failover', type: 't', data: 'x' }];
      await Promise.all(heads.map((head) => committed(store, { id: head.id, expect: head, entries })));

      // Its replica is the only copy then, so commits on that master wait in vain until it is asked for fewer.
      await cluster.servers[1]?.kill();
      await expect
        .poll(async () => String(await cluster.replicas[1]?.command('ROLE')), { timeout: 15_000, interval: 100 })
        .toMatch(/^master/);
      const loaded = await Promise.all(ids.map((id) => loadedWhenUp(store, id)));
      expect(loaded).toEqual(ids.map(() => ['created', 'after the failover']));
    } finally {
      client.disconnect();
      await cluster.remove();
    }
  }, 60_000);
});

async function loadedWhenUp(store: Store, id: string): Promise<readonly string[] | undefined> {
  for (;;) {
    const loaded = await store.load(id).catch(() => 'later' as const);
    if (loaded !== 'later') return loaded?.entries.map(({ key }) => key);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
