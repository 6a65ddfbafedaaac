import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError, StoreUnavailableError } from '@redress/core';
import type { Store } from '@redress/core';
import { MissingFileError, UsageError } from './exit.js';

const FORMS = 'sqlite:<file>, redis://<host>:<port> or redis-cluster://<host>:<port>,<host>:<port>';

export interface OpenStore {
  readonly store: Store;
  close(): Promise<void>;
}

/**
 * Opens what is there, and creates nothing. `?namespace=` and `?partitions=` belong to the store.
 * @throws UsageError, ConfigurationError, StoreUnavailableError
 */
export async function openStore(text: string, folder: string, namespace: string | undefined): Promise<OpenStore> {
  if (text.startsWith('sqlite:')) return openSqlite(text, folder, namespace);
  if (/^rediss?(-cluster)?:\/\//.test(text)) return openRedis(text, namespace);
  throw new UsageError(`--store ${shown(text)}: write ${FORMS}.`);
}

/** For the screen: without its password. */
export function shown(text: string): string {
  return text.replace(/^([\w-]+:\/\/[^:@/]*):[^@/]*@/, '$1:***@');
}

async function openSqlite(text: string, folder: string, namespace: string | undefined): Promise<OpenStore> {
  const [path = '', query] = text.slice('sqlite:'.length).split('?');
  const file = resolve(folder, path);
  if (path === '') throw new UsageError(`--store ${text}: write sqlite:<file>.`);
  if (!existsSync(file) || !statSync(file).isFile()) throw new MissingFileError(`--store ${text}: there is no file ${file}.`);
  const { sqliteStore } = await import('@redress/sqlite');
  const named = new URLSearchParams(query).get('namespace') ?? namespace;
  const store = sqliteStore(file, named === undefined ? {} : { namespace: named });
  return { store, close: () => store.close() };
}

async function openRedis(text: string, namespace: string | undefined): Promise<OpenStore> {
  const at = text.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : text.slice(at + 1));
  const place = at < 0 ? text : text.slice(0, at);
  const named = query.get('namespace') ?? namespace;
  const { redisStore } = await import('@redress/redis');
  const cluster = place.startsWith('redis-cluster:') || place.startsWith('rediss-cluster:') ? await clusterOf(place) : undefined;
  const connection = cluster ? { client: cluster } : { url: place };
  const common = { create: false, ...(named === undefined ? {} : { namespace: named }) };
  const open = async (partitions: number | undefined): Promise<OpenStore> => {
    const store = await redisStore(connection, partitions === undefined ? common : { ...common, partitions });
    return {
      store,
      async close() {
        await store.close();
        cluster?.disconnect();
      },
    };
  };
  const asked = query.get('partitions');
  try {
    return await open(asked === null ? undefined : Number(asked)).catch((error: unknown) => {
      // The namespace knows how many partitions it has; whoever looks at it need not.
      const there = asked === null ? partitionsIn(error) : undefined;
      if (there === undefined) throw error;
      return open(there);
    });
  } catch (error) {
    cluster?.disconnect();
    throw unreachable(text, error);
  }
}

function partitionsIn(error: unknown): number | undefined {
  if (!(error instanceof ConfigurationError) || error.code !== 'CONFIG_STORE_PARTITIONS') return undefined;
  const found = /has (\d+) partitions/.exec(error.message)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function clusterOf(place: string): Promise<import('ioredis').Cluster> {
  const { Cluster } = await import('ioredis');
  const [, secure, login, hosts = ''] = /^redis(s?)-cluster:\/\/(?:([^@/]*)@)?([^/]+)\/?$/.exec(place) ?? [];
  const nodes = hosts.split(',').map((node) => {
    const [, host, port = '6379'] = /^(\[[\da-f:]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(node) ?? [];
    if (host === undefined) throw new UsageError(`--store ${shown(place)}: "${node}" is no <host>:<port>.`);
    return { host: host.replace(/[[\]]/g, ''), port: Number(port) };
  });
  const [username, password] = (login ?? '').split(':').map(decodeURIComponent);
  const cluster = new Cluster(nodes, {
    redisOptions: {
      ...(password ? { password } : {}),
      ...(username ? { username } : {}),
      ...(secure ? { tls: {} } : {}),
    },
    clusterRetryStrategy: () => null,
  });
  cluster.on('error', () => {});
  return cluster;
}

function unreachable(text: string, error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  return new StoreUnavailableError(`${shown(text)} does not answer: ${error.message}`, error.cause);
}
