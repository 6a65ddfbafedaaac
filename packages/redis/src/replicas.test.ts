import type { Change, Head, Store } from '@redress/core';
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { RedisStoreOptions } from './options.js';
import { redisStore } from './redis-store.js';
import { Replicated } from './replicas.fixture.js';
import { missingServer } from './server.fixture.js';
import type { Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the replicas of a Redis server: ${missing}.\n`);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(replicas: number): Promise<Replicated> {
  const all = await Replicated.start(replicas);
  cleanups.push(() => all.remove());
  return all;
}

async function open(server: Server, options: RedisStoreOptions = {}): Promise<Store> {
  const store = await redisStore({ url: server.url }, options);
  cleanups.push(() => store.close());
  return store;
}

function creation(id: string): Change {
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'created', type: 't', data: 'x' }] };
}

function next(head: Head, key: string): Change {
  return { id: head.id, expect: head, entries: [{ key, type: 't', data: 'x' }] };
}

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE', retryable: true };
const NOT_ACKNOWLEDGED = { ...UNAVAILABLE, message: expect.stringContaining('0 of 1 replicas') };

describe.skipIf(missing !== undefined)('a store whose commits wait for replicas', () => {
  it('is replicated', async () => {
    const { master } = await start(1);
    expect((await open(master, { wait: {} })).durability).toBe('replicated');
    expect((await open(master, { wait: { replicas: 1 }, durability: 'replicated' })).durability).toBe('replicated');
    expect((await open(master, { wait: { replicas: 1 }, durability: 'host' })).durability).toBe('host');
  });

  it('answers a commit when the replica has it', async () => {
    const { master, replicas } = await start(1);
    const store = await open(master, { wait: { replicas: 1 } });
    for (let i = 0; i < 20; i += 1) {
      await store.commit(creation(`s${i}`));
      expect(await replicas[0]?.command('KEYS', `*:stream:s${i}`)).toHaveLength(1);
    }
  });

  it('does not answer a commit that no replica has, nor its repetition, nor that on a new connection', async () => {
    const { master, replicas } = await start(1);
    const store = await open(master, { wait: { replicas: 1, timeoutMs: 300 } });
    const { head } = await store.commit(creation('a'));
    replicas[0]?.pause();
    const change = next(head, 'k1');
    await expect(store.commit(change)).rejects.toMatchObject(NOT_ACKNOWLEDGED);
    await expect(store.commit(change)).rejects.toMatchObject(NOT_ACKNOWLEDGED);
    await master.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await master.command('CONFIG', 'RESETSTAT');
    const said = async (): Promise<unknown> => store.commit(change).catch((error: unknown) => (error as Error).message);
    await expect.poll(said).toContain('0 of 1 replicas');
    // What counts for a server of whichever version: the repetition itself has something for the replica to acknowledge.
    expect(String(await master.command('INFO', 'commandstats'))).toMatch(/cmdstat_hset:calls=[1-9]/);
    replicas[0]?.resume();
    await expect.poll(() => store.commit(change).catch(() => undefined)).toMatchObject({ applied: false, head: { version: 2 } });
  });

  it('holds neither loads nor claims nor heart-beats up while a commit waits', async () => {
    const { master, replicas } = await start(1);
    const store = await open(master, { wait: { replicas: 1, timeoutMs: 2_000 } });
    const { head } = await store.commit({ ...creation('a'), head: { owner: 'w', wake: { inMs: 10_000 } } });
    replicas[0]?.pause();
    const from = performance.now();
    const waiting = store.commit(next(head, 'k1')).catch(() => performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.renew('w', ['a'], 10_000);
    await store.load('a');
    await store.claim({ owner: 'x', kinds: ['k'], names: ['n'], leaseMs: 1_000, limit: 1 });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await waiting).toBeGreaterThan(1_900);
  });

  it('waits once for all commits of a turn, and for all that gather meanwhile', async () => {
    const { master } = await start(1);
    const store = await open(master, { wait: { replicas: 1 } });
    const commits = (from: number): Promise<unknown> =>
      Promise.all(Array.from({ length: 100 }, (_, i) => store.commit(creation(`s${from + i}`))));
    await master.command('CONFIG', 'RESETSTAT');
    await commits(0);
    const waits = async (): Promise<number> =>
      Number(/cmdstat_wait:calls=(\d+)/.exec(String(await master.command('INFO', 'commandstats')))?.[1]);
    expect(await waits()).toBe(1);
    const first = commits(100);
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, ...Array.from({ length: 10 }, (_, i) => commits(200 + i * 100))]);
    expect(await waits()).toBeLessThanOrEqual(4);
  });

  it('finds its scripts again when the server has lost them', async () => {
    const { master } = await start(1);
    const store = await open(master, { wait: { replicas: 1 } });
    const { head } = await store.commit(creation('a'));
    await master.command('SCRIPT', 'FLUSH');
    expect(await store.commit(next(head, 'k1'))).toMatchObject({ applied: true });
  });

  it('goes on after its master was away', async () => {
    const { master } = await start(1);
    const store = await open(master, { wait: { replicas: 1 } });
    const { head } = await store.commit(creation('a'));
    await master.kill();
    await expect(store.commit(next(head, 'k1'))).rejects.toMatchObject(UNAVAILABLE);
    await master.up();
    const committed = (): Promise<unknown> =>
      store.commit(next(head, 'k1')).then(
        (commit) => commit.head.version,
        () => 0,
      );
    await expect.poll(committed, { timeout: 10_000 }).toBe(2);
  }, 20_000);

  it('gives up a server that does not answer at all within the time limit', async () => {
    const { master } = await start(1);
    const store = await open(master, { wait: { replicas: 1, timeoutMs: 100 }, commandTimeoutMs: 300 });
    const { head } = await store.commit(creation('a'));
    master.pause();
    const from = performance.now();
    const tries = [store.commit(next(head, 'k1')), store.commit(creation('b'))];
    for (const result of await Promise.allSettled(tries)) expect(result).toMatchObject({ reason: UNAVAILABLE });
    await expect(store.commit(creation('c'))).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - from).toBeLessThan(2_000);
    master.resume();
    await expect.poll(() => store.commit(next(head, 'k1')).catch(() => undefined)).toMatchObject({ head: { version: 2 } });
  });

  it('has lost nothing that it answered when the master is killed and the replica that acknowledged takes over', async () => {
    const all = await start(2);
    const [paused, alive] = all.replicas as readonly [Server, Server];
    const store = await open(all.master, { wait: { replicas: 1 } });
    const answered = new Map<string, number>();
    const writer = async (id: string): Promise<void> => {
      let { head } = await store.commit(creation(id));
      for (let i = 0; ; i += 1) {
        answered.set(id, head.version);
        ({ head } = await store.commit(next(head, `k${i}`)));
      }
    };
    const writers = Promise.allSettled(Array.from({ length: 8 }, (_, i) => writer(`w${i}`)));
    await expect.poll(() => answered.size).toBe(8);
    await all.cutOff(paused);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await all.master.kill();
    await writers;
    await alive.promote();
    const again = await open(alive);
    for (const [id, version] of answered) {
      expect(version).toBeGreaterThan(2);
      expect((await again.load(id))?.head.version).toBeGreaterThanOrEqual(version);
    }
  }, 20_000);

  it('refuses what the same store without `wait` answers and loses in a failover', async () => {
    const all = await start(1);
    const [replica] = all.replicas as readonly [Server];
    const careless = await open(all.master);
    const careful = await open(all.master, { wait: { replicas: 1, timeoutMs: 200 } });
    await all.cutOff(replica);
    expect(await careless.commit(creation('answered'))).toMatchObject({ applied: true });
    await expect(careful.commit(creation('refused'))).rejects.toMatchObject(NOT_ACKNOWLEDGED);
    await all.master.kill();
    replica.resume();
    await replica.promote();
    const after = await open(replica);
    expect([await after.load('answered'), await after.load('refused')]).toEqual([undefined, undefined]);
  });

  it('lets a run wait for the replica, and writes each of its entries once', async () => {
    const { master, replicas } = await start(1);
    const store = await open(master, { wait: { replicas: 1, timeoutMs: 100 } });
    const work = defineStep('work', { readOnly: true }, async (n: number) => {
      if (n === 1) replicas[0]?.pause();
      return n;
    });
    const saga = defineSaga('two', { id: (id: string) => id }, async (run) => (await run.step(work, 1)) + (await run.step(work, 2)));
    await using runtime = createRuntime({ store, sagas: [saga], steps: [work], worker: false });
    const unavailable = new Promise((resolve) => runtime.environment.events.on('store.unavailable', resolve));
    const running = runtime.run(saga, ['a']);
    await unavailable;
    replicas[0]?.resume();
    expect(await running).toBe(3);
    const entries = (await store.load('two/a'))?.entries ?? [];
    expect(entries.map(({ type }) => type)).toEqual([
      ...['saga.started', 'step.started', 'step.completed', 'step.started', 'step.completed', 'saga.completed'],
    ]);
  });
});
