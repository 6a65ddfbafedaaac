import { Cluster } from 'ioredis';
import { DURABLE, Server } from './server.fixture.js';

const SLOTS = 16_384;

/** Some masters that share the slots of a Redis Cluster. */
export class TestCluster {
  readonly servers: readonly Server[];

  private constructor(servers: readonly Server[]) {
    this.servers = servers;
  }

  static async start(masters = 3): Promise<TestCluster> {
    const settings = { ...DURABLE, 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' };
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
    for (const server of this.servers) {
      for (;;) {
        const info = String(await server.command('cluster', 'INFO'));
        if (/cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${this.servers.length}`)) break;
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
    await Promise.all(this.servers.map((server) => server.remove()));
  }
}
