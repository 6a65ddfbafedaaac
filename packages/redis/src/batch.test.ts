import type { Change, Head } from '@redress/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the commits of one turn on a Redis server: ${missing}.\n`);

const entry = (key: string, data = 'x') => ({ key, type: 't', data });
const creation = (id: string): Change => {
  const head = { owner: 'w', wake: { inMs: 60_000 }, status: 'running', tags: { order: id } };
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [entry('k0'), entry('k1')], head };
};
const next = (head: Head, key: string): Change => ({ id: head.id, expect: head, entries: [entry(key)] });

describe.skipIf(missing !== undefined)('the commits of one turn', () => {
  let server: Server;
  let client: Redis;
  beforeAll(async () => {
    server = await Server.start({});
    client = new Redis(server.port, '127.0.0.1');
  });
  beforeEach(() => server.command('FLUSHALL'));
  afterAll(async () => {
    client.disconnect();
    await server.remove();
  });

  /** All keys that scripts have touched while `work` ran, without those that their calls had named. */
  async function undeclared(work: () => Promise<unknown>): Promise<{ readonly touched: number; readonly hidden: readonly string[] }> {
    const monitor = await client.monitor();
    let declared: readonly string[] = [];
    const touched = new Set<string>();
    const hidden = new Set<string>();
    const done = new Promise<void>((resolve) => {
      monitor.on('monitor', (_time: string, [name = '', ...args]: string[], source: string) => {
        if (/^evalsha$/i.test(name)) declared = args.slice(2, 2 + Number(args[1]));
        else if (source === 'lua' && !/^time$/i.test(name)) (declared.includes(args[0] ?? '') ? touched : hidden).add(args[0] ?? '');
        else if (args[0] === 'the end') resolve();
      });
    });
    await work();
    await client.echo('the end');
    await done;
    monitor.disconnect();
    return { touched: touched.size, hidden: [...hidden] };
  }

  it('take one exchange each where nobody ever holds the stream, such as a register', async () => {
    const store = await redisStore({ client });
    let { head } = await store.commit({ id: 'register', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [entry('0')] });
    ({ head } = (await store.load('register')) as { readonly head: Head });
    await server.command('CONFIG', 'RESETSTAT');
    for (const key of ['1', '2', '3']) ({ head } = await store.commit(next(head, key)));
    expect(String(await server.command('INFO', 'commandstats'))).toMatch(/cmdstat_evalsha:calls=3,/);
  });

  it('name every key that their script touches: a slot that is being moved never meets a half of them', async () => {
    const store = await redisStore({ client }, { partitions: 2 });
    // All scripts are known to the server from here on, so that their calls are told by their digests.
    await store.commit(creation('first'));
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const heads: Head[] = [];
    const created = await undeclared(async () => {
      for (const { head } of await Promise.all(ids.map((id) => store.commit(creation(id))))) heads.push(head);
    });
    expect(created).toMatchObject({ hidden: [] });
    // Five streams, and of each of two partitions record, index and due set.
    expect(created.touched).toBe(5 + 3 * 2);
    const patches: readonly Change['head'][] = [
      { wake: null },
      { status: 'ended', owner: null, wake: { inMs: 0 } },
      { tags: {} },
      { meta: 'm' },
      {},
    ];
    const changes = heads.map((head, i) => ({ ...next(head, 'k2'), head: patches[i] as NonNullable<Change['head']>, trimTo: 1 }));
    const moved = await undeclared(() => Promise.all(changes.map((change) => store.commit(change))));
    expect(moved).toMatchObject({ hidden: [] });
    expect(moved.touched).toBeGreaterThan(5);
    await store.close();
  });

  it('are judged each by itself: one that is refused writes nothing, and its neighbours are applied', async () => {
    const store = await redisStore({ client }, { partitions: 1 });
    const [{ head: a }, { head: b }, { head: c }] = await Promise.all(
      [creation('a'), creation('b'), creation('c')].map((one) => store.commit(one)) as [
        ReturnType<typeof store.commit>,
        ReturnType<typeof store.commit>,
        ReturnType<typeof store.commit>,
      ],
    );
    await store.commit(next(b, 'k2'));
    const stale = { ...next(b, 'k3'), head: { status: 'stale', tags: { order: 'stale' }, wake: { at: 5 } } };
    const before = await store.load('b');
    const words = async (): Promise<unknown> => server.command('ZRANGE', '{default:0}:index', '0', '-1');
    const found = await words();
    const answers = await Promise.allSettled([store.commit(next(a, 'k2')), store.commit(stale), store.commit(next(c, 'k2'))]);
    expect(answers).toMatchObject([
      { value: { applied: true } },
      { reason: { code: 'STORE_CONFLICT', reason: 'version' } },
      { value: { applied: true } },
    ]);
    expect(await store.load('b')).toEqual(before);
    expect(await words()).toEqual(found);
    expect(await server.command('ZSCORE', '{default:0}:due:k/n', 'b')).toBe(String(before?.head.wakeAt));
    for (const id of ['a', 'c']) expect((await store.load(id))?.entries.map(({ key }) => key)).toEqual(['k0', 'k1', 'k2']);
    await store.close();
  });

  it('fail alone: a stream whose key holds something else spoils none of its neighbours', async () => {
    const store = await redisStore({ client }, { partitions: 1 });
    await server.command('SET', '{default:0}:stream:poisoned', 'of somebody else');
    const answers = await Promise.allSettled(['a', 'poisoned', 'b'].map((id) => store.commit(creation(id))));
    expect(answers).toMatchObject([{ value: { applied: true } }, { reason: { code: 'STORE_UNAVAILABLE' } }, { value: { applied: true } }]);
    expect(await server.command('GET', '{default:0}:stream:poisoned')).toBe('of somebody else');
    expect((await store.scan({})).heads.map(({ id }) => id)).toEqual(['a', 'b']);
    await store.close();
  });

  it('that makes the whole script fail is refused alone', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client }, { partitions: 1 });
    await server.command('SET', '{default:0}:due:k/spoilt', 'of somebody else');
    const of = (id: string, name: string): Change => ({ ...creation(id), create: { kind: 'k', name }, head: { wake: { inMs: 1 } } });
    const answers = await Promise.allSettled([of('a', 'n'), of('b', 'spoilt'), of('c', 'n')].map((change) => store.commit(change)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await store.scan({ name: 'n' })).heads.map(({ id }) => id)).toEqual(['a', 'c']);
    await store.close();
  });
});
