import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

type Found = { readonly command: string; readonly env: Record<string, string> } | { readonly reason: string };

let found: Found | undefined;

function findServer(): Found {
  const script = fileURLToPath(new URL('../../../scripts/redis-server.mjs', import.meta.url));
  return (found ??= JSON.parse(spawnSync(process.execPath, [script], { encoding: 'utf8' }).stdout) as Found);
}

/** Why no server can be started here, or undefined when one can. @throws in the full check, which leaves nothing out. */
export function missingServer(): string | undefined {
  const server = findServer();
  if (!('reason' in server)) return undefined;
  if (process.env['REDRESS_TESTS'] === 'full') throw new Error(server.reason);
  return server.reason;
}

export type Settings = Readonly<Record<string, string>>;

/** What a store may call durable. */
export const DURABLE: Settings = { appendonly: 'yes', appendfsync: 'always' };

/** All that this process has started: no server outlives it. */
const children = new Set<ChildProcess>();

function endWithUs(): void {
  const killAll = (): void => children.forEach((one) => one.kill('SIGKILL'));
  process.once('exit', killAll);
  // How a runner ends a process whose test takes too long.
  process.once('SIGTERM', () => {
    killAll();
    process.kill(process.pid, 'SIGTERM');
  });
}

/** A server of a test's own: on a free port of loopback, with a folder of its own. */
export class Server {
  readonly port: number;
  readonly folder: string;
  readonly #settings: Settings;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, settings: Settings) {
    this.port = port;
    this.folder = folder;
    this.#settings = settings;
  }

  static async start(settings: Settings = DURABLE): Promise<Server> {
    const server = new Server(await freePort(), await mkdtemp(join(tmpdir(), 'redress-redis-')), settings);
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, also again, on what its folder holds. Resolves when it answers. */
  async up(): Promise<void> {
    const server = findServer();
    if ('reason' in server) throw new Error(server.reason);
    const base: Settings = { port: `${this.port}`, bind: '127.0.0.1', dir: this.folder, save: '', 'enable-debug-command': 'yes' };
    const args = Object.entries({ ...base, ...this.#settings }).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(server.command, args, { env: { ...process.env, ...server.env }, stdio: 'ignore' });
    this.#process = child;
    if (children.size === 0) endWithUs();
    children.add(child);
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 10, maxRetriesPerRequest: null });
    client.on('error', () => {});
    await client.ping();
    client.disconnect();
  }

  /** As kill -9: whatever was not on its way to the disk is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || !this.isUp) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** What a crash of the host does to a file that was not synced: of a server that was killed, the last bytes are gone. */
  async loseTail(bytes: number): Promise<void> {
    const folder = join(this.folder, 'appendonlydir');
    const [file] = (await readdir(folder)).filter((name) => name.endsWith('.incr.aof'));
    if (file === undefined) throw new Error(`There is no append-only file in ${folder}.`);
    const { size } = await stat(join(folder, file));
    await truncate(join(folder, file), Math.max(size - bytes, 0));
  }

  /** Neither answers nor closes its connections, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  get isUp(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Runs one command on a connection of its own. @throws when the server is down. */
  async command(name: string, ...args: readonly string[]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    try {
      return await client.call(name, [...args]);
    } finally {
      client.disconnect();
    }
  }

  /** Makes it a replica of another one. Resolves when it has all that is there. */
  async follow(master: Server): Promise<void> {
    await this.command('REPLICAOF', '127.0.0.1', `${master.port}`);
    await master.followed();
  }

  /** Resolves when a replica, or so many, have acknowledged a write. */
  async followed(replicas = 1): Promise<void> {
    const client = new Redis(this.port, '127.0.0.1');
    do await client.publish('nobody', '');
    while ((await client.wait(replicas, 100)) < replicas);
    client.disconnect();
  }

  /** Makes a replica a master. */
  async promote(): Promise<void> {
    await this.command('REPLICAOF', 'NO', 'ONE');
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const probe = createServer().once('error', reject);
      probe.listen(0, '127.0.0.1', () => {
        const { port: free } = probe.address() as { readonly port: number };
        probe.close(() => resolve(free));
      });
    });
    // A node of a cluster listens 10000 above as well.
    if (port < 55_000) return port;
  }
}
