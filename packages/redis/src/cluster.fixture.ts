import { setTimeout as pause } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { DURABLE, Server } from './server.fixture.js';

const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 2_000;

/** Some masters that share the slots of a Redis Cluster, perhaps with replicas of their own. */
export class TestCluster {
  readonly masters: readonly Server[];
  /** As many for each master, in the order of the masters. */
  readonly replicas: readonly Server[];

  private constructor(masters: readonly Server[], replicas: readonly Server[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  static async start(masters = 3, replicasEach = 0): Promise<TestCluster> {
    const settings = {
      ...DURABLE,
      'cluster-enabled': 'yes',
      'cluster-node-timeout': `${NODE_TIMEOUT_MS}`,
      // A test that waits for its replicas does not wait for a better moment to copy.
      'repl-diskless-sync-delay': '0',
    };
    const servers: Server[] = [];
    for (let i = 0; i < masters * (1 + replicasEach); i += 1) servers.push(await Server.start(settings));
    const cluster = new TestCluster(servers.slice(0, masters), servers.slice(masters));
    const share = Math.ceil(SLOTS / masters);
    for (const [i, server] of servers.entries()) {
      await server.command('cluster', 'SET-CONFIG-EPOCH', `${i + 1}`);
      if (i < masters) await server.command('cluster', 'ADDSLOTSRANGE', `${i * share}`, `${Math.min((i + 1) * share, SLOTS) - 1}`);
      await server.command('cluster', 'MEET', '127.0.0.1', `${servers[0]?.port}`);
    }
    await cluster.ready();
    for (const [i, replica] of cluster.replicas.entries()) {
      await replica.command('cluster', 'REPLICATE', await idOf(servers[Math.floor(i / replicasEach)] as Server));
    }
    for (const replica of cluster.replicas) await until(async () => /master_link_status:up/.test(await replication(replica)));
    return cluster;
  }

  get servers(): readonly Server[] {
    return [...this.masters, ...this.replicas];
  }

  /** Any of them, as a user would name them. */
  get url(): string {
    return `redis-cluster://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** Resolves when every server knows the others and the cluster takes writes. */
  async ready(): Promise<void> {
    for (const server of this.servers) {
      await until(async () => {
        const info = String(await server.command('cluster', 'INFO'));
        return /cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${this.servers.length}`);
      });
    }
  }

  client(): Cluster {
    return new Cluster(this.servers.map(({ port }) => ({ host: '127.0.0.1', port })));
  }

  /**
   * Kills a master and waits for the replica that takes its place, which it answers. `replicated`: not before the replica has all
   * that was answered, so that nothing is lost; writers wait meanwhile.
   */
  async failover(master: Server, { replicated }: { readonly replicated: boolean }): Promise<Server> {
    const replicas = await this.#replicasOf(master);
    if (replicated) {
      await master.command('CLIENT', 'PAUSE', '5000', 'WRITE');
      const offset = /master_repl_offset:(\d+)/.exec(await replication(master))?.[1];
      for (const replica of replicas) await until(async () => (await replication(replica)).includes(`slave_repl_offset:${offset}`));
    }
    await master.kill();
    const promoted = await this.#electedAmong(replicas);
    // The others learn of it a little later, and refuse all until then.
    for (const server of this.servers) {
      if (server.isUp) await until(async () => /cluster_state:ok/.test(String(await server.command('cluster', 'INFO'))));
    }
    return promoted;
  }

  async #electedAmong(replicas: readonly Server[]): Promise<Server> {
    for (;;) {
      for (const replica of replicas) if (/role:master/.test(await replication(replica))) return replica;
      await pause(20);
    }
  }

  /** From now on its replicas hear nothing of a master any more, which goes on answering. */
  async cutReplication(master: Server): Promise<void> {
    for (const replica of await this.#replicasOf(master)) {
      await replica.command('CONFIG', 'SET', 'masteruser', 'nobody');
      await replica.command('CONFIG', 'SET', 'masterauth', 'nothing');
    }
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  async #replicasOf(master: Server): Promise<readonly Server[]> {
    const id = await idOf(master);
    const replicas: Server[] = [];
    for (const server of this.servers) {
      if (server !== master && server.isUp && String(await server.command('cluster', 'NODES')).includes(`myself,slave ${id}`))
        replicas.push(server);
    }
    return replicas;
  }

  /** The number of the slot in which a key lies. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.servers.find(({ isUp }) => isUp)?.command('cluster', 'KEYSLOT', key));
  }

  /** Moves slots while they are in use, a few keys at a time, as redis-cli does when a cluster is given more nodes. */
  async migrateSlots(from: Server, to: Server, slots: readonly number[]): Promise<number> {
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    let moved = 0;
    for (const slot of slots.map(String)) {
      await to.command('cluster', 'SETSLOT', slot, 'IMPORTING', fromId);
      await from.command('cluster', 'SETSLOT', slot, 'MIGRATING', toId);
      for (;;) {
        const keys = (await from.command('cluster', 'GETKEYSINSLOT', slot, '5')) as string[];
        if (keys.length === 0) break;
        await from.command('MIGRATE', '127.0.0.1', `${to.port}`, '', '0', '5000', 'KEYS', ...keys);
        moved += keys.length;
      }
      for (const server of [to, from]) await server.command('cluster', 'SETSLOT', slot, 'NODE', toId);
    }
    return moved;
  }

  async empty(): Promise<void> {
    for (const server of this.masters) await server.command('FLUSHALL');
  }

  async restart(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await Promise.all(this.servers.map((server) => server.up()));
    await this.ready();
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()));
  }
}

async function idOf(server: Server): Promise<string> {
  return String(await server.command('cluster', 'MYID'));
}

async function replication(server: Server): Promise<string> {
  return String(await server.command('INFO', 'replication'));
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await pause(20);
}
