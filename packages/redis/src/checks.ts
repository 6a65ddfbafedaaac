import type { Durability, Problem } from '@redress/core';
import { Command } from 'ioredis';
import type { Cluster, Redis } from 'ioredis';
import { FORMAT } from './layout.js';
import { refusalOf, unavailable } from './refusal.js';
import { OPEN } from './script.js';
import type { Space } from './space.js';
import type { Wait } from './wait.js';

/** One thing wrong with a server. The code is a heading of docs/errors.md. */
export interface ServerProblem extends Problem {
  readonly code: string;
}

/** The first release with all that the scripts use: ZRANGE with BYSCORE and BYLEX. */
const OLDEST = [6, 2];

/**
 * Writes down the number of partitions when nobody has (unless `create` is false), tries what the scripts do, and compares.
 * @throws StoreUnavailableError when the server does not answer, or cannot now.
 */
export async function lookAtNamespace(space: Space, namespace: string, create = true): Promise<readonly ServerProblem[]> {
  const subject = `The namespace ${JSON.stringify(namespace)}`;
  const [first] = space.partitions;
  if (!first) return [];
  const keys = [first.record, first.index, first.stream('\0'), first.due('\0')];
  let reply;
  try {
    reply = (await space.run(OPEN, first, keys, [FORMAT, space.partitions.length, Number(create)])) as readonly Buffer[];
  } catch (error) {
    return [refused(subject, (error as Error).cause ?? error)];
  }
  const [format = FORMAT, partitions] = reply.map((value) => Number(value.toString()));
  if (format > FORMAT) {
    const cause = `it was written by a later release (format ${format}; this one knows ${FORMAT}).`;
    return [{ code: 'CONFIG_STORE_NEWER', subject, cause, remedy: 'Install that release of @redress/redis, or a newer one.' }];
  }
  if (format < FORMAT) {
    const cause = `it was written by an earlier release (format ${format}; this one writes ${FORMAT}), and its lists would be incomplete.`;
    return [
      { code: 'CONFIG_STORE_OLDER', subject, cause, remedy: 'End its runs with that release, and take another namespace for new ones.' },
    ];
  }
  if (partitions === space.partitions.length) return [];
  if (partitions === 0) {
    const cause = 'nothing was ever stored in it.';
    return [{ code: 'CONFIG_STORE_MISSING', subject, cause, remedy: 'Look for another name or server, or open it with `create: true`.' }];
  }
  const cause = `it has ${partitions} partitions, and ${space.partitions.length} were asked for.`;
  const remedy = `Give \`partitions: ${partitions}\`, or take another namespace.`;
  return [{ code: 'CONFIG_STORE_PARTITIONS', subject, cause, remedy }];
}

/** @throws StoreUnavailableError when it will pass by itself. */
function refused(subject: string, error: unknown): ServerProblem {
  const refusal = refusalOf(error);
  const said = error instanceof Error ? error.message : '';
  if (refusal === 'NOAUTH' || refusal === 'WRONGPASS') {
    const cause = 'Redis does not let this connection in.';
    return { code: 'CONFIG_STORE_ACCESS', subject, cause, remedy: 'Give user and password in the URL or to the client.' };
  }
  if (refusal === 'READONLY') {
    const cause = 'this connection leads to a read-only replica.';
    return { code: 'CONFIG_STORE_REPLICA', subject, cause, remedy: 'Connect to the master, by Sentinel or a Cluster where there is one.' };
  }
  if (refusal === 'NOPERM' || /unknown command|syntax error/i.test(said)) {
    const why = refusal === 'NOPERM' ? '.' : `: ${said}.`;
    const cause = `this user may not run the scripts of the store, or not what they do${why}`;
    const remedy = 'Grant `+@scripting +@read +@write +time` and the keys of the namespace.';
    return { code: 'CONFIG_STORE_SCRIPTS', subject, cause, remedy };
  }
  throw unavailable(error);
}

/** What a server shows of itself. Undefined where it shows nothing, as many hosted ones do. */
interface Shown {
  readonly subject: string;
  readonly version: string | undefined;
  readonly mode: string | undefined;
  readonly eviction: string | undefined;
  readonly appendOnly: boolean | undefined;
  readonly fsync: string | undefined;
}

export interface Seen {
  readonly problems: readonly ServerProblem[];
  readonly durability: Durability;
}

/** The servers that take writes. */
export function mastersOf(client: Redis | Cluster): readonly Redis[] {
  return client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
}

/** Looks at each server that takes writes. */
export async function lookAtServers(
  client: Redis | Cluster,
  timeoutMs: number,
  declared: Durability | undefined,
  wait?: Wait,
): Promise<Seen> {
  const shown = await Promise.all(mastersOf(client).map((node) => look(node, timeoutMs)));
  const problems = shown.flatMap((server) => [
    ...versionProblem(server),
    ...(client.isCluster ? [] : clusterProblem(server)),
    ...evictionProblem(server),
    ...(declared === undefined ? [] : persistenceProblem(server, declared, wait)),
  ]);
  const least = Math.min(...shown.map((server) => STRENGTHS.indexOf(durabilityOf(server, wait) ?? 'process')));
  return { problems, durability: declared ?? STRENGTHS[least] ?? 'process' };
}

async function look(node: Redis, timeoutMs: number): Promise<Shown> {
  const ask = async (name: string, ...args: readonly string[]): Promise<unknown> => {
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => (limit = setTimeout(resolve, timeoutMs)));
    // A server that does not show something is no error: what it does not show is believed.
    const answer = await Promise.race([node.sendCommand(new Command(name, [...args], { replyEncoding: 'utf8' })), late]).catch(
      () => undefined,
    );
    clearTimeout(limit);
    return answer;
  };
  const [info, config] = await Promise.all([ask('info'), ask('config', 'GET', 'appendfsync')]);
  const text = typeof info === 'string' ? info : '';
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1];
  const aof = field('aof_enabled');
  const { host, port, path } = node.options;
  return {
    subject: `Redis at ${path ?? `${host}:${port}`}`,
    version: field('redis_version'),
    mode: field('redis_mode'),
    eviction: field('maxmemory_policy'),
    appendOnly: aof === undefined ? undefined : aof === '1',
    fsync: fsyncOf(config),
  };
}

/** A list of names and values, or a map where the client is set to give maps. */
function fsyncOf(config: unknown): string | undefined {
  const value: unknown = Array.isArray(config) ? config[1] : (config as Record<string, unknown> | undefined)?.['appendfsync'];
  return typeof value === 'string' ? value : undefined;
}

function versionProblem({ subject, version }: Shown): readonly ServerProblem[] {
  if (version === undefined) return [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return [];
  const cause = `it is of version ${version}, and the store needs ${OLDEST.join('.')} or newer.`;
  return [{ code: 'CONFIG_STORE_VERSION', subject, cause, remedy: 'Update the server.' }];
}

function clusterProblem({ subject, mode }: Shown): readonly ServerProblem[] {
  if (mode !== 'cluster') return [];
  const cause = 'it is a node of a cluster, and this connection reaches this node alone.';
  return [{ code: 'CONFIG_STORE_CLUSTER', subject, cause, remedy: 'Hand in a `Cluster` of ioredis: redisStore({ client }).' }];
}

function evictionProblem({ subject, eviction }: Shown): readonly ServerProblem[] {
  if (eviction === undefined || eviction === 'noeviction') return [];
  const cause = `its \`maxmemory-policy\` is ${eviction}: when its memory is full it would throw away unfinished runs.`;
  return [{ code: 'CONFIG_STORE_EVICTION', subject, cause, remedy: 'Set `maxmemory-policy noeviction`.' }];
}

/** From the weakest on. */
const STRENGTHS: readonly Durability[] = ['process', 'host', 'replicated'];

/** Undefined when it is not shown. What commits wait for counts before what the settings say. */
function durabilityOf({ appendOnly, fsync }: Shown, wait: Wait | undefined): Durability | undefined {
  // A master without a file that starts again comes up empty, and empties its replicas.
  if (wait && appendOnly !== false) return wait.replicas > 0 ? 'replicated' : 'host';
  if (appendOnly === undefined || (appendOnly && fsync === undefined)) return undefined;
  return appendOnly && fsync === 'always' ? 'host' : 'process';
}

function persistenceProblem(server: Shown, declared: Durability, wait: Wait | undefined): readonly ServerProblem[] {
  const { subject, appendOnly, fsync } = server;
  const given = durabilityOf(server, wait);
  if (given === undefined || STRENGTHS.indexOf(given) >= STRENGTHS.indexOf(declared)) return [];
  const code = 'CONFIG_STORE_PERSISTENCE';
  if (declared === 'replicated' && !wait?.replicas) {
    const cause = 'it answers before its replicas have a write, and the store was declared "replicated".';
    return [{ code, subject, cause, remedy: "Let commits wait for them: `wait: { replicas: 1 }`; or declare `durability: 'host'`." }];
  }
  if (declared === 'replicated') {
    const cause = '`appendonly` is off, so a master that starts again comes up empty and empties its replicas.';
    return [{ code, subject, cause, remedy: "Set `appendonly yes`, or declare `durability: 'process'`." }];
  }
  const found = appendOnly ? `\`appendfsync\` is ${fsync}` : '`appendonly` is off';
  const cause = `${found}, so a crash of the host loses answered writes, and the store was declared "${declared}".`;
  const remedy = "Set `appendonly yes` and `appendfsync always`, or declare `durability: 'process'`.";
  return [{ code, subject, cause, remedy }];
}
