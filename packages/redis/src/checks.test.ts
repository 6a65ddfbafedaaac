import { ConfigurationError } from '@redress/core';
import type { Cluster, Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { lookAtServers } from './checks.js';
import type { RedisConnection, RedisStoreOptions } from './options.js';
import { redisStore } from './redis-store.js';
import { DURABLE, missingServer, Server } from './server.fixture.js';
import type { Settings } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped the start-up checks of a Redis server: ${missing}.\n`);

let server: Server | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

async function start(settings: Settings): Promise<Server> {
  return (server = await Server.start(settings));
}

async function opened(connection: RedisConnection, options: RedisStoreOptions = {}): Promise<string> {
  const store = await redisStore(connection, options);
  await store.close();
  return store.durability;
}

async function refusal(connection: RedisConnection, options: RedisStoreOptions = {}): Promise<ConfigurationError> {
  const error: unknown = await redisStore(connection, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  return error as ConfigurationError;
}

describe.skipIf(missing !== undefined)('opening a store on Redis', () => {
  it('takes its durability from what the server does', async () => {
    const { url } = await start(DURABLE);
    expect(await opened({ url })).toBe('host');
    expect(await opened({ url }, { durability: 'process' })).toBe('process');
    await server?.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    expect(await opened({ url })).toBe('process');
    await server?.command('CONFIG', 'SET', 'appendonly', 'no');
    expect(await opened({ url })).toBe('process');
  });

  it('is refused when the server keeps less than was declared', async () => {
    const { url } = await start({});
    const off = await refusal({ url }, { durability: 'host' });
    expect(off.code).toBe('CONFIG_STORE_PERSISTENCE');
    expect(off.message).toContain('`appendonly` is off');
    await server?.command('CONFIG', 'SET', 'appendonly', 'yes');
    expect((await refusal({ url }, { durability: 'host' })).message).toContain('`appendfsync` is everysec');
    await server?.command('CONFIG', 'SET', 'appendfsync', 'always');
    expect(await opened({ url }, { durability: 'host' })).toBe('host');
    expect((await refusal({ url }, { durability: 'replicated' })).message).toContain('before its replicas');
  });

  it('is refused when the server may throw keys away', async () => {
    const { url } = await start({ 'maxmemory-policy': 'volatile-lru' });
    const error = await refusal({ url });
    expect(error.code).toBe('CONFIG_STORE_EVICTION');
    expect(error.message).toContain('volatile-lru');
    expect(error.message).toContain('noeviction');
  });

  it('is refused with another number of partitions than the namespace has', async () => {
    const { url } = await start({});
    await opened({ url }, { partitions: 4 });
    const error = await refusal({ url });
    expect(error.code).toBe('CONFIG_STORE_PARTITIONS');
    expect(error.message).toContain('it has 4 partitions, and 16 were asked for');
    await opened({ url }, { namespace: 'another' });
    await opened({ url }, { partitions: 4 });
  });

  it('is not made up when only a look was asked for', async () => {
    const { url } = await start({});
    const error = await refusal({ url }, { create: false });
    expect(error.code).toBe('CONFIG_STORE_MISSING');
    expect(await server?.command('DBSIZE')).toBe(0);
    await opened({ url }, { partitions: 4 });
    expect((await refusal({ url }, { create: false })).code).toBe('CONFIG_STORE_PARTITIONS');
    await opened({ url }, { partitions: 4, create: false });
  });

  it('is refused when a later release has written the namespace', async () => {
    const { url } = await start({});
    await opened({ url });
    await server?.command('HSET', '{default:0}:record', 'format', '99');
    expect((await refusal({ url })).code).toBe('CONFIG_STORE_NEWER');
  });

  it('is refused when an earlier release has written the namespace in another way', async () => {
    const { url } = await start({});
    await opened({ url });
    await server?.command('HSET', '{default:0}:record', 'format', '1');
    expect((await refusal({ url })).code).toBe('CONFIG_STORE_OLDER');
  });

  it('is refused when the user may not run scripts, or not what they do', async () => {
    const { port } = await start({});
    const url = `redis://app:secret@127.0.0.1:${port}`;
    for (const rights of ['-@scripting', '-@write', '-time', '-zrange']) {
      await server?.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '+@all', rights);
      const error = await refusal({ url });
      expect([rights, error.code]).toEqual([rights, 'CONFIG_STORE_SCRIPTS']);
    }
    await server?.command('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~other:*', '+@all');
    expect((await refusal({ url })).code).toBe('CONFIG_STORE_SCRIPTS');
  });

  it('believes what the server does not show', async () => {
    const { port } = await start(DURABLE);
    await server?.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-config', '-info');
    const url = `redis://app:secret@127.0.0.1:${port}`;
    expect(await opened({ url })).toBe('process');
    expect(await opened({ url }, { durability: 'replicated' })).toBe('replicated');
  });

  it('is refused without the password', async () => {
    const { port } = await start({});
    await server?.command('CONFIG', 'SET', 'requirepass', 'secret');
    expect((await refusal({ url: `redis://127.0.0.1:${port}` })).code).toBe('CONFIG_STORE_ACCESS');
    expect((await refusal({ url: `redis://:wrong@127.0.0.1:${port}` })).code).toBe('CONFIG_STORE_ACCESS');
    expect(await opened({ url: `redis://:secret@127.0.0.1:${port}` })).toBe('process');
  });

  it('is refused on a read-only replica', async () => {
    const { url } = await start({});
    await server?.command('REPLICAOF', '127.0.0.1', '1');
    expect((await refusal({ url })).code).toBe('CONFIG_STORE_REPLICA');
  });

  it('is refused on one node of a cluster', async () => {
    const { url } = await start({ 'cluster-enabled': 'yes' });
    expect((await refusal({ url })).code).toBe('CONFIG_STORE_CLUSTER');
  });

  it('says all that is wrong at once', async () => {
    const { url } = await start({ 'maxmemory-policy': 'allkeys-lru' });
    await server?.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await opened({ url }, { partitions: 4 });
    await server?.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const error = await refusal({ url }, { durability: 'host' });
    expect(error.code).toBe('CONFIG_STORE_SERVER');
    expect(error.details).toEqual({ codes: ['CONFIG_STORE_EVICTION', 'CONFIG_STORE_PERSISTENCE', 'CONFIG_STORE_PARTITIONS'] });
    expect(error.message).toMatch(/^3 problems:/);
  });

  it('is unavailable, and no fault of the settings, when there is no server', async () => {
    const { url } = await start({});
    await server?.kill();
    await expect(redisStore({ url }, { commandTimeoutMs: 500 })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('the options of a store on Redis', () => {
  it('are refused all at once', async () => {
    const options = { namespace: '', partitions: 0, durability: 'some', commandTimeoutMs: 0 } as unknown as RedisStoreOptions;
    const error = await refusal({ url: 'http://localhost' }, options);
    expect(error.code).toBe('CONFIG_STORE_OPTIONS');
    expect(error.problems.map(({ subject }) => subject.slice('redisStore, '.length))).toEqual([
      ...['url', 'namespace', 'partitions', 'durability', 'commandTimeoutMs'],
    ]);
    expect((await refusal({} as RedisConnection)).message).toContain('either `client` or `url`');
    expect((await refusal({ client: {} } as RedisConnection)).message).toContain('no client of ioredis');
  });
});

describe('the version of a server', () => {
  const shows = (version: string): Redis | Cluster =>
    ({
      isCluster: false,
      options: { host: 'old', port: 1 },
      sendCommand: async ({ name }: { readonly name: string }) =>
        name === 'info' ? `redis_version:${version}\r\nmaxmemory_policy:noeviction\r\n` : [],
    }) as unknown as Redis;

  it.each(['5.0.14', '6.0.20', '4.9.0'])('%s is refused', async (version) => {
    const { problems } = await lookAtServers(shows(version), 100, undefined);
    expect(problems).toMatchObject([{ code: 'CONFIG_STORE_VERSION', subject: 'Redis at old:1' }]);
  });

  it.each(['6.2.0', '7.0.15', '10.1.0'])('%s is taken', async (version) => {
    expect((await lookAtServers(shows(version), 100, undefined)).problems).toEqual([]);
  });
});
