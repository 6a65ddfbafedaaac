import { ConfigurationError } from '@redress/core';
import type { Durability, Problem, Random } from '@redress/core';
import type { Cluster, Redis } from 'ioredis';
import { checkWait } from './wait.js';
import type { WaitOptions } from './wait.js';

/** A client of ioredis 6, used as it is and left open; or a URL, for a connection of the store's own. */
export type RedisConnection = { readonly client: Redis | Cluster } | { readonly url: string };

export interface RedisStoreOptions {
  /** Streams of one namespace are invisible in others; several can share a server. Default: `default`. */
  readonly namespace?: string;
  /**
   * Over how many hash tags the namespace is spread, so that a cluster can share the work: 1 to 1024. It is written down when
   * the namespace is first opened, and must stay. Default: 16.
   */
  readonly partitions?: number;
  /** False: a namespace in which nothing was ever stored is refused, and nothing is written. Default: true. */
  readonly create?: boolean;
  /**
   * What an answered write must survive; opening is refused when the server's settings are weaker. Settings that the server
   * does not show are believed to fit. Default: what the settings give, and `process` where they are not shown.
   */
  readonly durability?: Durability;
  /**
   * What a commit waits for before it is answered: replicas, or disks. With replicas the durability is `replicated`, when the
   * server has `appendonly yes`; with `onDisk` alone it is `host`. Default: nothing but the server itself.
   */
  readonly wait?: WaitOptions;
  /** A verb is refused as unavailable when Redis has not answered a command within so many milliseconds. Default: 5000. */
  readonly commandTimeoutMs?: number;
  /** Where stamps come from. Default: the operating system's chance. */
  readonly random?: Pick<Random, 'word'>;
}

export const DEFAULT_PARTITIONS = 16;
export const DEFAULT_COMMAND_TIMEOUT_MS = 5_000;
const MOST_PARTITIONS = 1_024;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const DURABILITIES: readonly unknown[] = ['process', 'host', 'replicated'];

/** @throws ConfigurationError with all that is wrong. */
export function checkOptions(connection: unknown, options: RedisStoreOptions): void {
  const problems: Problem[] = [];
  const problem = (subject: string, cause: string, remedy: string): void => {
    problems.push({ subject: `redisStore, ${subject}`, cause, remedy });
  };
  const { namespace = 'default', partitions = DEFAULT_PARTITIONS, durability = 'process' } = options;
  const { commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS } = options;
  const { client, url } = (connection ?? {}) as { readonly client?: unknown; readonly url?: unknown };
  if ((client === undefined) === (url === undefined)) {
    problem('connection', 'either `client` or `url` is needed.', "Give { url: 'redis://localhost:6379' }, or { client } of ioredis.");
  } else if (client !== undefined && typeof (client as { callBuffer?: unknown } | null)?.callBuffer !== 'function') {
    problem('client', 'it is no client of ioredis.', 'Give a `Redis` or a `Cluster` of ioredis 6.');
  } else if (url !== undefined && !isUrl(url)) {
    problem('url', 'it is no URL of a Redis server.', "Give one such as 'redis://localhost:6379' or 'rediss://…'.");
  }
  if (!isName(namespace)) problem('namespace', 'it is empty or no text.', "Give a text such as 'orders'.");
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS) {
    problem('partitions', `${String(partitions)} is no number of partitions.`, `Give a whole number from 1 to ${MOST_PARTITIONS}.`);
  }
  if (!DURABILITIES.includes(durability)) {
    problem('durability', `${JSON.stringify(durability)} is unknown.`, `Give one of ${DURABILITIES.join(', ')}.`);
  }
  if (typeof commandTimeoutMs !== 'number' || !(commandTimeoutMs > 0) || commandTimeoutMs > LONGEST_TIMEOUT_MS) {
    problem('commandTimeoutMs', `${String(commandTimeoutMs)} is no number of milliseconds.`, 'Give a number above 0, such as 5000.');
  }
  if (options.wait !== undefined) problems.push(...checkWait(options.wait, commandTimeoutMs));
  if (problems.length > 0) throw new ConfigurationError(problems, { code: 'CONFIG_STORE_OPTIONS' });
}

function isUrl(url: unknown): boolean {
  return typeof url === 'string' && URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol);
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && !name.includes('\0');
}
