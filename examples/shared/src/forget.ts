import { Cluster } from 'ioredis';
import type { Redis } from 'ioredis';
import { readAddress } from './address.js';
import { readClient } from './client.js';

/*
 * A program of its own, so that a demo that is interrupted can wait for it: takes all keys of a namespace away. The address
 * comes by the environment, where no list of processes shows its password.
 */
const LIMIT_MS = 5_000;

async function forget(place: string): Promise<void> {
  const { namespace } = readAddress(place);
  if (namespace === undefined) return;
  const client = await readClient(place);
  const servers: readonly Redis[] = client instanceof Cluster ? await masters(client) : [client];
  for (const server of servers) {
    for await (const keys of server.scanStream({ match: `{${namespace}:*`, count: 1_000 })) {
      // One key each: those of a cluster lie in several slots.
      await Promise.all((keys as readonly string[]).map((key) => client.unlink(key)));
    }
  }
  client.disconnect();
}

async function masters(cluster: Cluster): Promise<readonly Redis[]> {
  await cluster.ping();
  return cluster.nodes('master');
}

setTimeout(() => process.exit(1), LIMIT_MS).unref();
await forget(process.env['REDRESS_FORGET'] ?? '');
