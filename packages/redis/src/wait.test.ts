import { ConfigurationError } from '@redress/core';
import type { Change, Store } from '@redress/core';
import { describeStore } from '@redress/testkit';
import { Command, Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { RedisConnection, RedisStoreOptions } from './options.js';
import { redisStore } from './redis-store.js';
import { Replicated } from './replicas.fixture.js';
import { DURABLE, missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped waiting for replicas of a Redis server: ${missing}.\n`);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(settings: Readonly<Record<string, string>>): Promise<Server> {
  const server = await Server.start(settings);
  cleanups.push(() => server.remove());
  return server;
}

async function refusal(connection: RedisConnection, options: RedisStoreOptions): Promise<ConfigurationError> {
  const error: unknown = await redisStore(connection, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  return error as ConfigurationError;
}

const CREATION: Change = { id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'k', type: 't', data: 'x' }] };

describe.skipIf(missing !== undefined)('opening a store whose commits wait', () => {
  it('is refused when fewer replicas acknowledge than were asked for', async () => {
    const all = await Replicated.start(1);
    cleanups.push(() => all.remove());
    const { url } = all.master;
    const error = await refusal({ url }, { wait: { replicas: 2, timeoutMs: 200 } });
    expect(error.code).toBe('CONFIG_STORE_REPLICAS');
    expect(error.message).toContain('within 200 ms 1 of 2 replicas');
    all.replicas[0]?.pause();
    expect((await refusal({ url }, { wait: { timeoutMs: 200 } })).message).toContain('0 of 1 replicas');
  });

  it('is refused when the store was declared replicated and waits for none', async () => {
    const { url } = await start(DURABLE);
    const error = await refusal({ url }, { durability: 'replicated' });
    expect(error.code).toBe('CONFIG_STORE_PERSISTENCE');
    expect(error.message).toContain('`wait: { replicas: 1 }`');
  });

  it('is not replicated when a master that starts again would empty its replicas', async () => {
    const all = await Replicated.start(1, { appendonly: 'no' });
    cleanups.push(() => all.remove());
    const { url } = all.master;
    const error = await refusal({ url }, { wait: {}, durability: 'replicated' });
    expect(error.code).toBe('CONFIG_STORE_PERSISTENCE');
    expect(error.message).toContain('empties its replicas');
    await using store = await redisStore({ url }, { wait: {} });
    expect(store.durability).toBe('process');
  });

  it('is refused when the user may not wait', async () => {
    const server = await start(DURABLE);
    const { port } = server;
    await server.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '+@all', '-wait');
    const error = await refusal({ url: `redis://app:secret@127.0.0.1:${port}` }, { wait: {} });
    expect(error.code).toBe('CONFIG_STORE_WAIT');
    expect(error.message).toContain('+wait');
  });

  it('is refused when the server does not know WAITAOF', async () => {
    const server = await start(DURABLE);
    const knows = (await server.command('COMMAND', 'INFO', 'waitaof')) as readonly unknown[];
    const store = redisStore({ url: server.url }, { wait: { onDisk: true } });
    if (knows[0] !== null) return (await store).close();
    await expect(store).rejects.toMatchObject({ code: 'CONFIG_STORE_WAIT', message: expect.stringContaining('7.2') });
  });

  it('is refused with options that do not fit', async () => {
    const { url } = { url: 'redis://localhost:1' };
    const wrong = async (wait: unknown, more: RedisStoreOptions = {}): Promise<string> => {
      const error = await refusal({ url }, { ...more, wait: wait as NonNullable<RedisStoreOptions['wait']> });
      expect(error.code).toBe('CONFIG_STORE_OPTIONS');
      return error.message;
    };
    expect(await wrong(true)).toContain('no set of options');
    expect(await wrong({ replicas: 1.5 })).toContain('no number of replicas');
    expect(await wrong({ replicas: 0 })).toContain('nothing to wait for');
    expect(await wrong({ onDisk: 'yes' })).toContain('neither true nor false');
    expect(await wrong({ timeoutMs: 0 })).toContain('from 1 to below');
    expect(await wrong({ timeoutMs: 1_000 }, { commandTimeoutMs: 1_000 })).toContain('below `commandTimeoutMs` (1000)');
  });
});

/** A client on whose connections a server of 7.0 seems to know WAITAOF. `local`: what it says of its own disk. */
function knowing(port: number, local: () => number | Error): Redis {
  const client = new Redis(port, '127.0.0.1');
  const duplicate = client.duplicate.bind(client);
  client.duplicate = ((options: object) => {
    const other = duplicate(options);
    const send = other.sendCommand.bind(other);
    other.sendCommand = ((command: Command, ...rest: []) => {
      if (command.name !== 'waitaof') return send(command, ...rest);
      const [numLocal, ...args] = command.args.map(String);
      expect(numLocal).toBe('1');
      const wait = new Command('wait', args, { replyEncoding: null });
      wait.promise.then(
        (replicas) => {
          const disk = local();
          if (disk instanceof Error) command.reject(disk);
          else command.resolve([disk, replicas] as never);
        },
        (error: Error) => command.reject(error),
      );
      void send(wait, ...rest);
      return command.promise;
    }) as typeof other.sendCommand;
    return other;
  }) as typeof client.duplicate;
  return client;
}

describe.skipIf(missing !== undefined)('a store whose commits wait for the disk', () => {
  it('is durable on the host though the server syncs every second, and answers nothing that its disk has not confirmed', async () => {
    const { port } = await start({ appendonly: 'yes', appendfsync: 'everysec' });
    let local: number | Error = 1;
    const client = knowing(port, () => local);
    cleanups.push(async () => client.disconnect());
    await using store = await redisStore({ client }, { wait: { onDisk: true }, durability: 'host' });
    expect(store.durability).toBe('host');
    const { head } = await store.commit(CREATION);
    local = 0;
    const change: Change = { id: 'a', expect: head, entries: [{ key: 'k1', type: 't', data: 'x' }] };
    const refused = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('its disk did not') };
    await expect(store.commit(change)).rejects.toMatchObject(refused);
    await expect(store.commit(change)).rejects.toMatchObject(refused);
    local = 1;
    expect(await store.commit(change)).toMatchObject({ applied: false, head: { version: 2 } });
  });

  it('is replicated when it waits for the disks of replicas, of which there must be enough', async () => {
    const all = await Replicated.start(1);
    cleanups.push(() => all.remove());
    const client = knowing(all.master.port, () => 1);
    cleanups.push(async () => client.disconnect());
    await using store = await redisStore({ client }, { wait: { onDisk: true, replicas: 1, timeoutMs: 300 } });
    expect(store.durability).toBe('replicated');
    await store.commit(CREATION);
    all.replicas[0]?.pause();
    await expect(store.commit({ ...CREATION, id: 'b' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('is refused when the disk does not confirm, and when there is none', async () => {
    const { port } = await start({ appendonly: 'yes', appendfsync: 'everysec' });
    const client = knowing(port, () => 0);
    cleanups.push(async () => client.disconnect());
    expect((await refusal({ client }, { wait: { onDisk: true } })).message).toContain('did not confirm');
    const words = 'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.';
    const none = knowing(port, () => new Error(words));
    cleanups.push(async () => none.disconnect());
    expect((await refusal({ client: none }, { wait: { onDisk: true } })).code).toBe('CONFIG_STORE_PERSISTENCE');
  });
});

let shared: Promise<Replicated> | undefined;
afterAll(async () => (await shared)?.remove());

async function underTest() {
  const all = await (shared ??= Replicated.start(1, { 'repl-timeout': '5' }));
  await all.master.command('FLUSHALL');
  let stores: Store[] = [];
  const closeAll = async (): Promise<void> => {
    for (const store of stores) await store.close();
    stores = [];
  };
  return {
    durable: true,
    async connect(namespace = 'default') {
      const store = await redisStore({ url: all.master.url }, { namespace, wait: { replicas: 1 } });
      stores.push(store);
      return store;
    },
    async reopen() {
      await closeAll();
      await all.master.kill();
      await all.master.up();
      await all.master.followed();
    },
    dispose: closeAll,
  };
}

describeStore('redisStore whose commits wait for a replica', underTest, { unavailable: missing });
