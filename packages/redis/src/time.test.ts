import type { Change } from '@redress/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionOf } from './layout.js';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the time of a Redis server: ${missing}.\n`);

const PARTITIONS = 4;
const AHEAD_MS = 1_000_000;

function creation(id: string): Change {
  return {
    id,
    expect: 'absent',
    create: { kind: 'k', name: 'n' },
    entries: [{ key: 'k', type: 't', data: 'x' }],
    head: { wake: { inMs: 10 } },
  };
}

/** An id that lies in the partition. */
function idIn(partition: number, prefix: string): string {
  for (let i = 0; ; i += 1) if (partitionOf(`${prefix}${i}`, PARTITIONS) === partition) return `${prefix}${i}`;
}

describe.skipIf(missing !== undefined)('the time of a store on Redis', () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start({});
  });
  afterAll(() => server.remove());

  /** As if the server's clock had been ahead when it wrote to partition 2, and was set back. */
  async function setBack(namespace: string): Promise<number> {
    const at = Date.now() + AHEAD_MS;
    await server.command('HSET', `{${namespace}:2}:record`, 'at', String(at));
    return at;
  }

  it('does not go back within a partition when the clock of the server does', async () => {
    const at = await setBack('one');
    await using store = await redisStore({ url: server.url }, { namespace: 'one', partitions: PARTITIONS });
    const id = idIn(2, 'a');
    const { head } = await store.commit(creation(id));
    expect(head.wakeAt).toBe(at + 10);
    expect((await store.load(id))?.entries[0]?.at).toBe(at);
    await store.drop(id, head);
    await using other = await redisStore({ url: server.url }, { namespace: 'one', partitions: PARTITIONS });
    expect((await other.commit(creation(idIn(2, 'b')))).head.wakeAt).toBe(at + 10);
  });

  it('is that of the partition which is ahead', async () => {
    const at = await setBack('two');
    await using store = await redisStore({ url: server.url }, { namespace: 'two', partitions: PARTITIONS });
    expect(await store.now()).toBe(at);
  });

  it('does not go back from one partition to another within a process', async () => {
    const at = await setBack('three');
    await using store = await redisStore({ url: server.url }, { namespace: 'three', partitions: PARTITIONS });
    await store.commit(creation(idIn(2, 'a')));
    expect((await store.commit(creation(idIn(1, 'a')))).head.wakeAt).toBe(at + 10);
    expect((await store.commit(creation(idIn(3, 'a')))).head.wakeAt).toBe(at + 10);
  });

  it('is written down with each commit and each drop', async () => {
    await using store = await redisStore({ url: server.url }, { namespace: 'five', partitions: PARTITIONS });
    const id = idIn(2, 'a');
    const written = async (): Promise<number> => Number(await server.command('HGET', '{five:2}:record', 'at'));
    let { head } = await store.commit(creation(id));
    for (const key of ['k1', 'k2']) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      ({ head } = await store.commit({ id, expect: head, entries: [{ key, type: 't', data: 'x' }] }));
      expect(await written()).toBe((await store.load(id))?.entries.at(-1)?.at);
    }
    const before = await written();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.drop(id, head);
    expect(await written()).toBeGreaterThan(before);
  });

  it('counts leases and what is due from there', async () => {
    const at = await setBack('four');
    await using store = await redisStore({ url: server.url }, { namespace: 'four', partitions: PARTITIONS });
    const id = idIn(2, 'a');
    await store.commit({ ...creation(id), head: { owner: 'w', wake: { at } } });
    expect(await store.renew('w', [id], 50)).toMatchObject([{ owner: 'w' }]);
    expect((await store.load(id))?.head.wakeAt).toBe(at + 50);
    await server.command('HSET', '{four:2}:record', 'at', String(at + 50));
    const claim = { owner: 'x', kinds: ['k'], names: ['n'], leaseMs: 70, limit: 1 };
    expect(await store.claim(claim)).toMatchObject([{ id, owner: 'x', wakeAt: at + 120 }]);
  });
});
