import { ConfigurationError } from '@redress/core';
import type { Durability } from '@redress/core';
import { Command, Redis } from 'ioredis';
import type { Cluster } from 'ioredis';
import { lookAtNamespace, lookAtServers, mastersOf } from './checks.js';
import { Lanes } from './lanes.js';
import type { Scripts } from './lanes.js';
import { News } from './news.js';
import { DEFAULT_COMMAND_TIMEOUT_MS, DEFAULT_PARTITIONS } from './options.js';
import type { RedisConnection, RedisStoreOptions } from './options.js';
import { SCRIPTS } from './script.js';
import { Space } from './space.js';
import { tryWaiting } from './trial.js';
import { waitOf } from './wait.js';
import { Wire } from './wire.js';

export interface Opened {
  readonly space: Space;
  readonly news: News;
  /** On which commits go: the space, or ways of their own when they wait for others. */
  readonly commits: Scripts;
  readonly durability: Durability;
  /** Gives back what the store has opened itself. */
  release(): Promise<void>;
}

/** Connects where that is asked for, and looks at the server. @throws ConfigurationError with all that is wrong with it. */
export async function open(connection: RedisConnection, options: RedisStoreOptions): Promise<Opened> {
  const { namespace = 'default', partitions = DEFAULT_PARTITIONS, commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS } = options;
  const { client, release } =
    'url' in connection ? connect(connection.url, commandTimeoutMs) : { client: connection.client, release: leave };
  const lanes = options.wait && new Lanes(client, waitOf(options.wait), commandTimeoutMs);
  const releaseAll = async (): Promise<void> => {
    lanes?.close();
    await release();
  };
  try {
    const space = new Space(new Wire(client, commandTimeoutMs), namespace, partitions);
    const [ofNamespace] = await Promise.allSettled([lookAtNamespace(space, namespace, options.create)]);
    const { problems: ofServers, durability } = await lookAtServers(client, commandTimeoutMs, options.durability, lanes?.wait);
    // What the settings say explains most of what fails: it is said first.
    if (ofNamespace.status === 'rejected' && ofServers.length === 0) throw ofNamespace.reason;
    const problems = [...ofServers, ...(ofNamespace.status === 'fulfilled' ? ofNamespace.value : [])];
    // What is wrong already explains what would fail here.
    if (lanes && problems.length === 0) problems.push(...(await tryWaiting(lanes, space.partitions)));
    const codes = [...new Set(problems.map(({ code }) => code))];
    if (codes.length > 0) {
      const code = codes.length === 1 ? (codes[0] as string) : 'CONFIG_STORE_SERVER';
      throw new ConfigurationError(problems, { code, details: { codes } });
    }
    await Promise.all(mastersOf(client).map((node) => teach(node)));
    const news = await News.open(space, client, commandTimeoutMs);
    return { space, news, commits: lanes ?? space, durability, release: releaseAll };
  } catch (error) {
    await releaseAll();
    throw error;
  }
}

/** So that the first calls need not be repeated. A user who may not do this sends each script whole when it is first needed. */
async function teach(node: Redis): Promise<void> {
  const loads = SCRIPTS.map(({ source }) => node.sendCommand(new Command('script', ['LOAD', source])));
  await Promise.allSettled(loads);
}

async function leave(): Promise<void> {
  // The client is the caller's, who closes it.
}

interface Own {
  readonly client: Redis | Cluster;
  readonly release: () => Promise<void>;
}

/** A connection that gives up soon, and sends nothing a second time by itself: the caller decides what to repeat. */
function connect(url: string, timeoutMs: number): Own {
  const client = new Redis(url, {
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  });
  // Each command says for itself that there is no connection; without a listener ioredis would print it as well.
  client.on('error', () => {});
  const release = async (): Promise<void> => {
    const limit = setTimeout(() => client.disconnect(), timeoutMs);
    await client.quit().catch(() => client.disconnect());
    clearTimeout(limit);
  };
  return { client, release };
}
