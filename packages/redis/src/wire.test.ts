import type { Change, Head } from '@redress/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the round trips to a Redis server: ${missing}.\n`);

function creation(id: string): Change {
  const head = { owner: 'w', wake: { inMs: 60_000 }, status: 'running', tags: { order: id } };
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'created', type: 't', data: 'x' }], head };
}

describe.skipIf(missing !== undefined)('what goes over the wire', () => {
  let server: Server;
  let client: Redis;
  beforeAll(async () => {
    server = await Server.start({});
    client = new Redis(server.port, '127.0.0.1');
  });
  afterAll(async () => {
    client.disconnect();
    await server.remove();
  });

  /** How many writes to the socket, and how many calls of each command, `work` costs. */
  async function cost(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const { stream } = client;
    const write = stream.write.bind(stream);
    let writes = 0;
    stream.write = ((...args: Parameters<typeof write>) => {
      writes += 1;
      return write(...args);
    }) as typeof write;
    await server.command('CONFIG', 'RESETSTAT');
    await work();
    stream.write = write;
    const stats = String(await server.command('INFO', 'commandstats'));
    const calls = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return { writes, evalsha: calls('evalsha'), eval: calls('eval') };
  }

  it('is one script for up to 32 commits of a turn', async () => {
    const store = await redisStore({ client });
    const ids = Array.from({ length: 100 }, (_, i) => `s${i}`);
    await store.commit(creation('first'));
    let heads: Awaited<ReturnType<typeof store.commit>>['head'][] = [];
    expect(
      await cost(async () => (heads = (await Promise.all(ids.map((id) => store.commit(creation(id))))).map(({ head }) => head))),
    ).toEqual({
      writes: 4,
      evalsha: 4,
      eval: 0,
    });
    const advance = (): Promise<unknown> =>
      Promise.all(heads.map((head) => store.commit({ id: head.id, expect: head, entries: [{ key: 'k1', type: 't', data: 'y' }] })));
    expect(await cost(advance)).toEqual({ writes: 4, evalsha: 4, eval: 0 });
    const renewing = await cost(() => store.renew('w', ids, 60_000));
    expect(renewing).toEqual({ writes: 1, evalsha: 16, eval: 0 });
    expect(await cost(() => store.claim({ owner: 'w', kinds: ['k'], names: ['n'], leaseMs: 1_000, limit: 5 }))).toMatchObject({
      evalsha: 1,
    });
    expect(await cost(() => store.now())).toEqual({ writes: 1, evalsha: 1, eval: 0 });
    await store.close();
    expect(client.status).toBe('ready');
  });

  it('knows the head after a load, a claim and a scan by another connection, and asks twice when it does not', async () => {
    const [one, two] = [await redisStore({ client }), await redisStore({ client })];
    const { head } = await one.commit(creation('shared'));
    const change = (key: string, expected: typeof head): Change => ({
      id: 'shared',
      expect: expected,
      entries: [{ key, type: 't', data: 'z' }],
    });
    let seen = head;
    expect(await cost(async () => ({ head: seen } = await two.commit(change('k1', seen))))).toMatchObject({ evalsha: 2 });
    expect(await cost(async () => ({ head: seen } = await two.commit(change('k2', seen))))).toMatchObject({ evalsha: 1 });
    await one.load('shared');
    expect(await cost(() => one.commit(change('k3', seen)))).toMatchObject({ evalsha: 1 });
    await one.close();
    await two.close();
  });

  it('gives back the room of trimmed entries, and all of a dropped stream', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client });
    const entries = Array.from({ length: 900 }, (_, i) => ({ key: `k${i}`, type: 't', data: 'x'.repeat(50) }));
    let { head } = await store.commit({ ...creation('a'), entries });
    ({ head } = await store.commit({ id: 'a', expect: head, entries: [{ key: 'last', type: 't', data: 'x' }], trimTo: 890 }));
    const streams = (await server.command('KEYS', '*:stream:*')) as readonly string[];
    // Head and wake, 11 entries, and a small field for each key that was ever used.
    expect(await server.command('HLEN', streams[0] ?? '')).toBe(2 + 11 + 901);
    await store.drop('a', head);
    const left = (await server.command('KEYS', '*')) as readonly string[];
    expect(left.filter((key) => !key.endsWith(':record'))).toEqual([]);
    await store.close();
  });

  it('mends a due set that says otherwise than the heads', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client }, { partitions: 1 });
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await store.commit({ ...creation(id), head: { wake: { inMs: 60_000 } } });
    const { head } = await store.commit({ ...creation('due'), head: { wake: { at: 100 } } });
    const [due = ''] = (await server.command('KEYS', '*:due:*')) as readonly string[];
    for (const [at, id] of ['never was', 'a', 'b', 'c'].entries()) await server.command('ZADD', due, String(at), id);
    const claim = { owner: 'w', kinds: ['k'], names: ['n'], leaseMs: 1_000, limit: 2 };
    expect(await store.claim(claim)).toMatchObject([{ id: 'due' }]);
    expect(await server.command('ZCOUNT', due, '-inf', '1000')).toBe(0);
    expect(await server.command('ZCARD', due)).toBe(4);
    expect(head.version).toBe(1);
    await store.close();
  });

  it('keeps the due set in step with the heads', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client }, { partitions: 1 });
    const inStep = async (): Promise<void> => {
      const [due = ''] = (await server.command('KEYS', '*:due:*')) as readonly string[];
      expect(Number(await server.command('ZSCORE', due, 'a'))).toBe((await store.load('a'))?.head.wakeAt);
    };
    await store.commit({ ...creation('a'), head: { owner: 'w', wake: { at: 1_700_000_000_123.5 } } });
    await inStep();
    await store.renew('w', ['a'], 90_000.25);
    await inStep();
    await store.renew('w', ['a'], 1);
    await inStep();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.claim({ owner: 'x', kinds: ['k'], names: ['n'], leaseMs: 70, limit: 1 })).toHaveLength(1);
    await inStep();
    await store.close();
  });

  it('keeps one word in the index for each thing that a stream is found by', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client }, { partitions: 1 });
    const words = async (): Promise<unknown> => server.command('ZRANGE', '{default:0}:index', '0', '-1');
    let { head } = await store.commit(creation('a'));
    expect(await words()).toEqual(['s\0k\0n\0running\0a', 't\0order\0a\0a']);
    ({ head } = await store.commit({ id: 'a', expect: head, entries: [], head: { status: 'done', tags: { x: 'y' } } }));
    expect(await words()).toEqual(['s\0k\0n\0done\0a', 't\0x\0y\0a']);
    await store.drop('a', head);
    expect(await words()).toEqual([]);
    await store.close();
  });

  it('may be more tags than Lua hands to one command', async () => {
    const store = await redisStore({ client }, { namespace: 'many tags', partitions: 1 });
    const tags = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`tag ${i}`, 'v']));
    const many = creation('many');
    const asked = [store.commit({ ...many, head: { ...many.head, tags } }), store.commit(creation('beside'))];
    const [first] = (await Promise.all(asked)) as [{ head: Head }, unknown];
    const found = async (key: string): Promise<readonly string[]> =>
      (await store.scan({ tag: { key, value: 'v' } })).heads.map(({ id }) => id);
    expect([await found('tag 0'), await found('tag 8999')]).toEqual([['many'], ['many']]);
    await store.commit({ id: 'many', expect: first.head, entries: [], head: { tags: {} } });
    expect([await found('tag 0'), await found('tag 8999'), (await store.scan({ kind: 'k' })).heads.length]).toEqual([[], [], 2]);
    await store.close();
  });

  it('remembers bytes of its own, whatever callers do to theirs', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client });
    const meta = new Uint8Array([1, 2]);
    const creating = store.commit({ ...creation('a'), head: { owner: 'w', wake: { at: 1 }, meta } });
    meta.fill(66);
    let { head } = await creating;
    const spoilt = (): typeof head => {
      expect(head.meta).toEqual(new Uint8Array([1, 2]));
      (head.meta as Uint8Array).fill(66);
      return head;
    };
    for (const key of ['k1', 'k2'])
      ({ head } = await store.commit({ id: 'a', expect: spoilt(), entries: [{ key, type: 't', data: 'x' }] }));
    head = (await store.load('a'))?.head ?? head;
    ({ head } = await store.commit({ id: 'a', expect: spoilt(), entries: [] }));
    head = (await store.claim({ owner: 'x', kinds: ['k'], names: ['n'], leaseMs: 60_000, limit: 1 }))[0] ?? head;
    ({ head } = await store.commit({ id: 'a', expect: spoilt(), entries: [] }));
    spoilt();
    await store.close();
  });

  it('refuses a writer that remembers a head of the same version from before a drop', async () => {
    const [one, two] = [await redisStore({ client }), await redisStore({ client })];
    const { head: old } = await one.commit(creation('again'));
    await two.drop('again', old);
    const { head } = await two.commit({ ...creation('again'), entries: [{ key: 'anew', type: 't', data: 'x' }] });
    expect(head.version).toBe(old.version);
    const late = { id: 'again', expect: old, entries: [{ key: 'late', type: 't', data: 'x' }] };
    await expect(one.commit(late)).rejects.toMatchObject({ code: 'STORE_CONFLICT', reason: 'version' });
    expect((await two.load('again'))?.entries.map(({ key }) => key)).toEqual(['anew']);
    await one.close();
    await two.close();
  });

  it('leaves no place among the due to a stream that never is', async () => {
    await server.command('FLUSHALL');
    const store = await redisStore({ client });
    const { head } = await store.commit(creation('a'));
    expect(await server.command('KEYS', '*:due:*')).toHaveLength(1);
    await store.commit({ id: 'a', expect: head, entries: [], head: { wake: null } });
    expect(await server.command('KEYS', '*:due:*')).toEqual([]);
    await store.close();
  });

  it('has keys without an end', async () => {
    const store = await redisStore({ client });
    await store.commit(creation('kept'));
    await store.close();
    const keys = (await server.command('KEYS', '*')) as readonly string[];
    expect(keys.length).toBeGreaterThan(4);
    for (const key of keys) expect([key, await server.command('TTL', key)]).toEqual([key, -1]);
  });
});
