import { Cluster } from 'ioredis';
import { DURABLE, Server } from './server.fixture.js';

const SLOTS = 16_384;

const SETTINGS = { ...DURABLE, 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000', 'repl-diskless-sync-delay': '0' };

/** Some masters that share the slots of a Redis Cluster. */
export class TestCluster {
  readonly servers: readonly Server[];
  /** One for each master, when there are any. */
  readonly replicas: Server[] = [];

  private constructor(servers: readonly Server[]) {
    this.servers = servers;
  }

  /** With a replica of each master. */
  static async startReplicated(masters = 3): Promise<TestCluster> {
    const cluster = await TestCluster.start(masters);
    for (const master of cluster.servers) {
      const replica = await Server.start(SETTINGS);
      cluster.replicas.push(replica);
      await replica.command('cluster', 'MEET', '127.0.0.1', `${master.port}`);
      const id = String(await master.command('cluster', 'MYID'));
      const known = async (): Promise<unknown> => replica.command('cluster', 'REPLICATE', id).catch(() => undefined);
      while ((await known()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await Promise.all(cluster.servers.map((master) => master.followed()));
    await cluster.ready();
    return cluster;
  }

  static async start(masters = 3): Promise<TestCluster> {
    const settings = SETTINGS;
    const servers: Server[] = [];
    for (let i = 0; i < masters; i += 1) servers.push(await Server.start(settings));
    const cluster = new TestCluster(servers);
    const share = Math.ceil(SLOTS / masters);
    for (const [i, server] of servers.entries()) {
      await server.command('cluster', 'SET-CONFIG-EPOCH', `${i + 1}`);
      await server.command('cluster', 'ADDSLOTSRANGE', `${i * share}`, `${Math.min((i + 1) * share, SLOTS) - 1}`);
      await server.command('cluster', 'MEET', '127.0.0.1', `${servers[0]?.port}`);
    }
    await cluster.ready();
    return cluster;
  }

  /** Resolves when every master takes writes. */
  async ready(): Promise<void> {
    const servers = [...this.servers, ...this.replicas];
    for (const server of servers) {
      for (;;) {
        const info = String(await server.command('cluster', 'INFO'));
        if (/cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${servers.length}`)) break;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  client(): Cluster {
    return new Cluster(this.servers.map(({ port }) => ({ host: '127.0.0.1', port })));
  }

  async empty(): Promise<void> {
    for (const server of this.servers) await server.command('FLUSHALL');
  }

  async restart(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await Promise.all(this.servers.map((server) => server.up()));
    await this.ready();
  }

  async remove(): Promise<void> {
    await Promise.all([...this.servers, ...this.replicas].map((server) => server.remove()));
  }
}
