import { createRuntime, defineSaga } from '@redress/core';
import type { Runtime, Store } from '@redress/core';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the news of a Redis server: ${missing}.\n`);

const review = defineSaga('review', { id: (id: string) => id }, async (run, _id) => run.receive<string>('decision'));
const SOON = { timeout: 10_000, interval: 2 };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(): Promise<Server> {
  const server = await Server.start({});
  cleanups.push(() => server.remove());
  return server;
}

async function connect(url: string): Promise<Store> {
  const store = await redisStore({ url });
  cleanups.push(() => store.close());
  return store;
}

/** With an hour between two looks: whatever happens before was pushed. */
function run(store: Store, worker = true): Runtime {
  const runtime = createRuntime({ store, sagas: [review], poll: '1h', worker });
  cleanups.push(() => runtime.stop());
  return runtime;
}

/** A parked run whose process is gone, so that somebody else must take it up. */
async function park(url: string, ...ids: readonly string[]): Promise<void> {
  const store = await redisStore({ url });
  const runtime = createRuntime({ store, sagas: [review], worker: false });
  for (const id of ids) await runtime.start(review, [id]);
  await vi.waitFor(async () => {
    for (const id of ids) expect((await store.load(`review/${id}`, { limit: 0 }))?.head.owner).toBeNull();
  }, SOON);
  await runtime.stop();
  await store.close();
}

const channels = async (server: Server): Promise<number> => ((await server.command('PUBSUB', 'CHANNELS')) as unknown[]).length;
const listeners = async (server: Server): Promise<string[]> =>
  String(await server.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
    .split('\n')
    .filter((line) => line !== '');

describe.skipIf(missing !== undefined)('news on a Redis server', () => {
  it('wake a parked run in another process, and tell its outcome in a third one', async () => {
    const server = await start();
    await park(server.url, 'x');
    run(await connect(server.url));
    const waits = run(await connect(server.url), false);
    const outcome = waits.handle(review, 'x').outcome();
    await vi.waitFor(async () => expect(await channels(server)).toBe(16 + 1), SOON);
    await run(await connect(server.url), false).signal(review, 'x', 'decision', 'yes');
    expect(await outcome).toBe('yes');
    // Nobody waits for the run any more, and the worker still listens.
    await vi.waitFor(async () => expect(await channels(server)).toBe(16), SOON);
  });

  it('go on when the connection that listens is cut, and make all who listen look, for some were lost', async () => {
    const server = await start();
    await park(server.url, 'x', 'y');
    run(await connect(server.url));
    const outcome = run(await connect(server.url), false)
      .handle(review, 'x')
      .outcome();
    const watched: boolean[] = [];
    const store = await connect(server.url);
    const watch = (store as Required<Store>).watch({ kind: 'saga' }, () => watched.push(watch.live));
    const client = run(await connect(server.url), false);
    await vi.waitFor(async () => expect(await listeners(server)).toHaveLength(3), SOON);
    await vi.waitFor(() => expect(watched).toEqual([true]), SOON);
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    // While nobody listens.
    await client.signal(review, 'x', 'decision', 'yes');
    expect(await outcome).toBe('yes');
    await vi.waitFor(() => expect(watched.slice(0, 3)).toEqual([true, false, true]), SOON);
    await client.signal(review, 'y', 'decision', 'no');
    expect(await client.handle(review, 'y').outcome()).toBe('no');
  });

  it('go on when the server is killed and comes back', async () => {
    const server = await Server.start();
    cleanups.push(() => server.remove());
    await park(server.url, 'x');
    const store = await connect(server.url);
    run(store);
    const outcome = run(await connect(server.url), false)
      .handle(review, 'x')
      .outcome();
    await vi.waitFor(async () => expect(await listeners(server)).toHaveLength(2), SOON);
    await server.kill();
    await server.up();
    await vi.waitFor(async () => expect(await channels(server)).toBe(16 + 1), SOON);
    await run(await connect(server.url), false).signal(review, 'x', 'decision', 'yes');
    expect(await outcome).toBe('yes');
  }, 20_000);

  it('are not missed when they come while listening begins', async () => {
    const server = await start();
    const ids = Array.from({ length: 50 }, (_, i) => `r${i}`);
    await park(server.url, ...ids);
    run(await connect(server.url));
    const [waits, client] = [run(await connect(server.url), false), run(await connect(server.url), false)];
    const outcomes = ids.map(async (id, i) => {
      await new Promise((resolve) => setTimeout(resolve, i % 7));
      return waits.handle(review, id).outcome();
    });
    for (const id of ids) await client.signal(review, id, 'decision', id);
    expect(await Promise.all(outcomes)).toEqual(ids);
  }, 20_000);

  it('cost no connection until somebody listens, and none when the store is closed', async () => {
    const server = await start();
    const store = await connect(server.url);
    const runtime = run(store, false);
    await runtime.start(review, ['x']);
    expect(await listeners(server)).toEqual([]);
    const [one, two] = [runtime.handle(review, 'x'), runtime.handle(review, 'x')].map((handle) => handle.outcome({ timeout: 300 }));
    await vi.waitFor(async () => expect(await listeners(server)).toEqual([expect.stringContaining(' sub=1 ')]), SOON);
    await Promise.allSettled([one, two]);
    await vi.waitFor(async () => expect(await channels(server)).toBe(0), SOON);
    await store.close();
    await vi.waitFor(async () => expect(await listeners(server)).toEqual([]), SOON);
  });

  it('end with the client that was handed in, when its owner closes it', async () => {
    const server = await start();
    const client = new Redis(server.port, '127.0.0.1');
    cleanups.push(async () => client.disconnect());
    const store = await redisStore({ client });
    cleanups.push(() => store.close());
    const watch = (store as Required<Store>).watch({ kind: 'saga' }, () => {});
    await vi.waitFor(() => expect(watch.live).toBe(true), SOON);
    client.disconnect();
    await vi.waitFor(() => expect(watch.live).toBe(false), SOON);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await listeners(server)).toEqual([]);
  });

  it('are not needed: a user who may use no channels works, by asking', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const url = `redis://app:secret@127.0.0.1:${server.port}`;
    await park(url, 'x');
    const store = await connect(url);
    expect((store as Required<Store>).watch({ kind: 'saga' }, () => {}).live).toBe(false);
    const [works, waits] = [true, false].map((worker) => createRuntime({ store, sagas: [review], poll: 20, worker })) as [Runtime, Runtime];
    cleanups.push(() => works.stop());
    const outcome = waits.handle(review, 'x').outcome();
    await waits.signal(review, 'x', 'decision', 'yes');
    expect(await outcome).toBe('yes');
    expect(await listeners(server)).toEqual([]);
    // Found out once for each store, and not at each commit.
    expect((await server.command('ACL', 'LOG')) as unknown[]).toHaveLength(1);
    expect(String(((await server.command('ACL', 'LOG')) as unknown[][])[0]?.[1])).toBe(`${2}`);
  });

  it('that may not be told any more fail no commit, and who may not listen is not said to', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '&*', '+@all');
    const store = await connect(`redis://app:secret@127.0.0.1:${server.port}`);
    await server.command('ACL', 'SETUSER', 'app', 'resetchannels');
    const head = { owner: null, wake: { inMs: 0 } };
    const create = { kind: 'saga', name: 'n' };
    const commit = store.commit({ id: 'a', expect: 'absent', create, entries: [{ key: 'k', type: 't', data: 'x' }], head });
    expect((await commit).applied).toBe(true);
    let heard = 0;
    const watch = (store as Required<Store>).watch({ kind: 'saga' }, () => (heard += 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([watch.live, heard]).toEqual([false, 0]);
    // One try, and the next one much later.
    expect(String(await server.command('INFO', 'commandstats'))).toMatch(/cmdstat_subscribe:calls=\d,.*rejected_calls=1,/);
  });

  it('let a process without work ask rarely', async () => {
    const server = await start();
    const runtime = createRuntime({ store: await connect(server.url), sagas: [review], poll: 10 });
    cleanups.push(() => runtime.stop());
    await vi.waitFor(async () => expect(await channels(server)).toBe(16), SOON);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.command('CONFIG', 'RESETSTAT');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await server.command('INFO', 'commandstats')))?.[1] ?? 0);
    // By asking alone it would be a hundred.
    expect(calls).toBeLessThan(10);
  });
});
