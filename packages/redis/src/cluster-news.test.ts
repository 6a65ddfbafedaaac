import { createRuntime, defineSaga } from '@redress/core';
import type { Runtime, Store } from '@redress/core';
import type { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestCluster } from './cluster.fixture.js';
import { redisStore } from './redis-store.js';
import { missingServer } from './server.fixture.js';
import type { Server } from './server.fixture.js';
import { slotOf } from './slot.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the news of a Redis Cluster: ${missing}.\n`);

const review = defineSaga('review', { id: (id: string) => id }, async (run, _id) => run.receive<string>('decision'));
const SOON = { timeout: 15_000, interval: 5 };
const IDS = Array.from({ length: 12 }, (_, i) => `r${i}`);

describe.skipIf(missing !== undefined)('news on a Redis Cluster', () => {
  let cluster: TestCluster;
  const cleanups: (() => Promise<unknown>)[] = [];
  beforeAll(async () => void (cluster = await TestCluster.start()), 30_000);
  afterAll(() => cluster?.remove());
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function connect(): Promise<Store> {
    const client: Cluster = cluster.client();
    client.on('error', () => {});
    cleanups.push(async () => client.disconnect());
    const store = await redisStore({ client });
    cleanups.push(() => store.close());
    return store;
  }

  function run(store: Store, worker = true): Runtime {
    const runtime = createRuntime({ store, sagas: [review], poll: '1h', worker });
    cleanups.push(() => runtime.stop({ drain: 0 }));
    return runtime;
  }

  /** Parked runs whose process is gone. */
  async function park(): Promise<void> {
    await cluster.empty();
    const store = await connect();
    const runtime = createRuntime({ store, sagas: [review], worker: false });
    for (const id of IDS) await runtime.start(review, [id]);
    await vi.waitFor(async () => {
      for (const id of IDS) expect((await store.load(`review/${id}`, { limit: 0 }))?.head.owner).toBeNull();
    }, SOON);
    await runtime.stop();
  }

  const onEach = async <T>(ask: (server: Server) => Promise<T>): Promise<T[]> => Promise.all(cluster.servers.map(ask));
  const channels = async (): Promise<number> =>
    (await onEach(async (server) => ((await server.command('PUBSUB', 'SHARDCHANNELS')) as unknown[]).length)).reduce((a, b) => a + b);

  async function decide(client: Runtime, outcomes: Promise<unknown>): Promise<void> {
    for (const id of IDS) await client.signal(review, id, 'decision', id);
    expect(await outcomes).toEqual(IDS);
  }

  it('go to the node of their partition and to no other', async () => {
    await park();
    run(await connect());
    const waits = run(await connect(), false);
    const outcomes = Promise.all(IDS.map((id) => waits.handle(review, id).outcome()));
    await vi.waitFor(async () => expect(await channels()).toBe(16 + IDS.length), SOON);
    await decide(run(await connect(), false), outcomes);
    const plain = await onEach(async (server) => ((await server.command('PUBSUB', 'CHANNELS')) as unknown[]).length);
    expect(plain).toEqual([0, 0, 0]);
    const calls = await onEach(async (server) => String(await server.command('INFO', 'commandstats')));
    for (const stats of calls) expect(stats).toMatch(/cmdstat_spublish:calls=[1-9]/);
    await vi.waitFor(async () => expect(await channels()).toBe(16), SOON);
  }, 30_000);

  it('go on when the connections that listen are cut, and when all masters were killed and came back', async () => {
    for (const harm of [() => onEach((server) => server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')), () => cluster.restart()]) {
      await park();
      run(await connect());
      const waits = run(await connect(), false);
      const outcomes = Promise.all(IDS.map((id) => waits.handle(review, id).outcome()));
      await vi.waitFor(async () => expect(await channels()).toBe(16 + IDS.length), SOON);
      await harm();
      await vi.waitFor(async () => expect(await channels()).toBe(16 + IDS.length), SOON);
      await decide(run(await connect(), false), outcomes);
    }
  }, 60_000);

  it('are heard at the new node of a slot that was moved', async () => {
    await park();
    run(await connect());
    const waits = run(await connect(), false);
    const outcomes = Promise.all(IDS.map((id) => waits.handle(review, id).outcome()));
    await vi.waitFor(async () => expect(await channels()).toBe(16 + IDS.length), SOON);
    const before = await onEach(async (server) => server.command('PUBSUB', 'SHARDCHANNELS'));
    for (let partition = 0; partition < 16; partition += 1) await move(cluster, slotOf(`{default:${partition}}`));
    await vi.waitFor(async () => expect(await channels()).toBe(16 + IDS.length), SOON);
    expect(await onEach(async (server) => server.command('PUBSUB', 'SHARDCHANNELS'))).not.toEqual(before);
    await decide(run(await connect(), false), outcomes);
  }, 60_000);
});

/** Moves a slot with all its keys from its node to the next one. */
async function move(cluster: TestCluster, slot: number): Promise<void> {
  const { servers } = cluster;
  const names = await Promise.all(servers.map(async (server) => String(await server.command('CLUSTER', 'MYID'))));
  const slots = (await (servers[0] as Server).command('CLUSTER', 'SLOTS')) as readonly [number, number, [string, number, string]][];
  const owner = slots.find(([from, to]) => from <= slot && slot <= to)?.[2][2];
  const at = names.indexOf(owner ?? '');
  const [source, target] = [servers[at], servers[(at + 1) % servers.length]] as [Server, Server];
  const name = names[(at + 1) % servers.length] as string;
  await target.command('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', owner as string);
  await source.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', name);
  const keys = (await source.command('CLUSTER', 'GETKEYSINSLOT', `${slot}`, '1000')) as readonly string[];
  if (keys.length > 0) await source.command('MIGRATE', '127.0.0.1', `${target.port}`, '', '0', '5000', 'KEYS', ...keys);
  for (const server of [target, source, ...servers]) await server.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', name);
}
