// Servers of the bench's own on loopback, with folders of their own: Redis and PostgreSQL. None outlives the bench.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';

const running = new Set();
const folders = new Set();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

function ownFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `redress-bench-${name}-`));
  folders.add(folder);
  return folder;
}

export async function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function ended(child, signal) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** `{ command, env, version }`, or `{ reason }`. */
export function findRedis() {
  const script = fileURLToPath(new URL('../../scripts/redis-server.mjs', import.meta.url));
  return JSON.parse(spawnSync(process.execPath, [script], { encoding: 'utf8' }).stdout);
}

/** The append-only file is never rewritten: a rewrite in the middle of a round would hit one contender by chance. */
export async function startRedis({ command, env }, appendfsync) {
  const [port, folder] = [await freePort(), ownFolder('redis')];
  const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync, 'auto-aof-rewrite-percentage': 0 };
  const args = Object.entries({ ...settings, 'maxmemory-policy': 'noeviction' }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  running.add(child);
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  await client.ping();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    /** Counted by the server since its start. */
    async stats() {
      const info = await client.info('cpu', 'stats', 'commandstats', 'memory');
      const of = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
      const evalsha = Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(info)?.[1] ?? 0);
      // Scripts that run others are counted with them; commands that a client sent are those that no script ran.
      return {
        cpuUs: (of('used_cpu_user') + of('used_cpu_sys')) * 1e6,
        evalsha,
        reads: of('total_reads_processed'),
        writes: of('total_writes_processed'),
        bytes: of('total_net_input_bytes'),
        memory: of('used_memory'),
      };
    },
    async stop() {
      client.disconnect();
      await ended(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `{ folder, version, uid, gid }`: uid and gid of whom the server runs as, since it refuses root; or `{ reason }`. */
export function findPostgres() {
  const places = '/usr/lib/postgresql';
  const found = existsSync(places) ? readdirSync(places).map((name) => join(places, name, 'bin')) : [];
  const folders = [...found.reverse(), ...(process.env.PATH ?? '').split(':')];
  const folder = folders.find((one) => existsSync(join(one, 'initdb')) && existsSync(join(one, 'postgres')));
  if (!folder) return { reason: 'there is no PostgreSQL (initdb and postgres) on PATH or under /usr/lib/postgresql' };
  const version = /\d[\d.]*/.exec(spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' }).stdout)?.[0];
  if (process.getuid?.() !== 0) return { folder, version };
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout || Number.NaN));
    if (uid > 0) return { folder, version, uid, gid };
  }
  return { reason: 'PostgreSQL refuses to run as root, and there is no user postgres or nobody' };
}

/** With the settings of a small server: what is written is on the disk when a commit is answered (fsync, synchronous_commit). */
export async function startPostgres({ folder, uid, gid }) {
  const place = ownFolder('postgres');
  if (uid !== undefined) chownSync(place, uid, gid);
  const as = { cwd: place, ...(uid === undefined ? {} : { uid, gid }) };
  const data = join(place, 'data');
  const made = spawnSync(join(folder, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--no-locale'], {
    ...as,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: place, max_connections: 300, shared_buffers: '256MB' };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(folder, 'postgres'), ['-D', data, ...args], { ...as, stdio: 'ignore' });
  running.add(child);
  const ready = () => spawnSync(join(folder, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' }).status === 0;
  for (let i = 0; i < 100 && !ready(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  if (!ready()) throw new Error('PostgreSQL did not start within 10 s');
  const url = (database) => `postgresql://bench@127.0.0.1:${port}/${database}`;
  return {
    url,
    create(database) {
      const sql = ['-h', '127.0.0.1', '-p', String(port), '-U', 'bench', '-d', 'postgres', '-c', `CREATE DATABASE ${database}`];
      const { status, stderr } = spawnSync(join(folder, 'psql'), sql, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return url(database);
    },
    async stop() {
      // Immediate shutdown: its children end with it.
      await ended(child, 'SIGQUIT');
      rmSync(place, { recursive: true, force: true });
    },
  };
}
