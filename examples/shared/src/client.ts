import type { Cluster, Redis } from 'ioredis';
import { readAddress } from './address.js';

/** A client for what `--store redis://…` says. It sends nothing twice by itself: the engine decides what is repeated. */
export async function readClient(text: string): Promise<Redis | Cluster> {
  const { nodes, isCluster, url } = readAddress(text);
  const ioredis = await import('ioredis');
  const careful = { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false };
  let client: Redis | Cluster;
  if (isCluster) {
    const { username, password, protocol } = new URL(url);
    const redisOptions = {
      ...careful,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    };
    client = new ioredis.Cluster([...nodes], { redisOptions });
  } else client = new ioredis.Redis(url, careful);
  // Each command says for itself that there is no connection; without a listener ioredis would print it as well.
  client.on('error', () => {});
  return client;
}
