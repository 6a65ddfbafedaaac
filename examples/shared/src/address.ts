import { UsageError } from './usage.js';

/** Where a Redis server or a Redis Cluster is, and what part of it is ours. */
export interface Address {
  /** More than one, or one of a cluster: any of its nodes will do, they know the others. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly isCluster: boolean;
  /** `redis://…` as ioredis reads it, without what is ours; of a cluster: its first node. */
  readonly url: string;
  readonly namespace: string | undefined;
}

const FORM = /^(redis|rediss|redis-cluster|rediss-cluster):\/\/(?:([^@/?]*)@)?([^/?@]+)(?:\/(\d*))?(?:\?(.*))?$/;
const NODE = /^(\[[0-9a-f:]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const PORT = 6379;
/** It is a part of the world's file name. */
const NAMESPACE = /^[\w.-]+$/;

export function isAddress(text: string): boolean {
  return /^rediss?(-cluster)?:/.test(text);
}

/** Reads `redis://host:port/0?namespace=shop`, or `redis-cluster://host:port,host:port`. @throws UsageError */
export function readAddress(text: string): Address {
  const wrong = (what: string): UsageError => new UsageError(`--store ${shown(text)}: ${what}`);
  const [, scheme = '', login, hosts = '', database, query] = FORM.exec(text) ?? [];
  if (scheme === '') throw wrong('write redis://<host>:<port>, or redis-cluster://<host>:<port>,<host>:<port>.');
  const nodes = hosts.split(',').map((node) => {
    const [, host, port = PORT] = NODE.exec(node) ?? [];
    if (host === undefined || Number(port) > 65_535) throw wrong(`"${node}" is no <host>:<port>.`);
    return { host: host.replace(/[[\]]/g, ''), port: Number(port) };
  });
  const isCluster = scheme.endsWith('-cluster');
  if (!isCluster && nodes.length > 1) throw wrong('several servers are a cluster: write redis-cluster://.');
  if (isCluster && database) throw wrong('a cluster has no numbered databases.');
  const others = new URLSearchParams(query);
  const namespace = others.get('namespace') ?? undefined;
  others.delete('namespace');
  if (others.size > 0) throw wrong(`?${others.keys().next().value} is not known; ?namespace=<name> is.`);
  if (namespace !== undefined && !NAMESPACE.test(namespace)) throw wrong('write the namespace with letters, digits, "-", "_" and ".".');
  const url = `${scheme.replace('-cluster', '')}://${login === undefined ? '' : `${login}@`}${hosts.split(',')[0]}${database ? `/${database}` : ''}`;
  return { nodes, isCluster, url, namespace };
}

/** The same address with that namespace. */
export function inNamespace(text: string, namespace: string): string {
  return `${text.replace(/\?.*$/, '')}?namespace=${namespace}`;
}

/** For the screen: without its password. */
export function shown(text: string): string {
  return text.replace(/^([\w-]+:\/\/[^:@/]*):[^@/]*@/, '$1:***@');
}
