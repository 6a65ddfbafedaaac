import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Store } from '@redress/core';
import { redisStore } from '@redress/redis';
import type { Cluster } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { TestCluster } from '../../packages/redis/src/cluster.fixture.js';
import type { Server } from '../../packages/redis/src/server.fixture.js';
import { audit, lostIn, unnoticed } from './audit.js';
import { Crew, makeTransfers, NAMESPACE } from './crew.js';
import type { Work } from './crew.js';
import { FULL, LEASE_MS, leaveOut, MINUTE_MS } from './scene.js';

const DEMO = fileURLToPath(new URL('../../examples/banking/dist/demo.js', import.meta.url));
const PARTITIONS = 16;
const ENDED = ['completed', 'compensated'];
const MORE = true;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Three masters with a replica each, and a look into what they hold. */
async function open(): Promise<{ readonly cluster: TestCluster; readonly store: Store; readonly folder: string }> {
  const cluster = await TestCluster.start(3, 1);
  cleanups.push(() => cluster.remove());
  const client: Cluster = cluster.client();
  client.on('error', () => {});
  const store = await redisStore({ client }, { namespace: NAMESPACE });
  cleanups.push(() => store.close().then(() => client.disconnect()));
  const folder = mkdtempSync(join(tmpdir(), 'redress-cluster-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return { cluster, store, folder };
}

/** The slots that our partitions have at a master. */
async function slotsAt(cluster: TestCluster, master: Server): Promise<readonly number[]> {
  const slots = await Promise.all(Array.from({ length: PARTITIONS }, (_, i) => cluster.slotOf(`{${NAMESPACE}:${i}}:record`)));
  const used = await Promise.all(slots.map(async (slot) => Number(await master.command('cluster', 'COUNTKEYSINSLOT', `${slot}`)) > 0));
  return slots.filter((_slot, i) => used[i]);
}

describe('on a Redis Cluster of three masters and three replicas', { timeout: 3 * MINUTE_MS }, () => {
  it('the banking demo loses no money when a master dies, its slots move and its workers are killed', async (test) => {
    leaveOut(test);
    if (!existsSync(DEMO)) throw new Error('examples/banking/dist/demo.js is missing: run the build first.');
    const { cluster, store, folder } = await open();
    const transfers = FULL ? 1_200 : 500;
    const args = [
      '--transfers',
      `${transfers}`,
      '--workers',
      '3',
      '--kills',
      '2',
      '--json',
      '--store',
      `${cluster.url}?namespace=${NAMESPACE}`,
    ];
    const demo = spawn(process.execPath, [DEMO, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } });
    cleanups.push(() => demo.kill('SIGTERM'));
    let [out, err] = ['', ''];
    demo.stdout.on('data', (data: Buffer) => (out += data.toString()));
    demo.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const exit = new Promise<number | null>((resolve) => demo.once('close', resolve));

    await ended(store, 0.1 * transfers);
    const [first, second, third] = cluster.masters as readonly [Server, Server, Server];
    const promoted = await cluster.failover(first, { replicated: true });
    const slots = await slotsAt(cluster, second);
    const moved = await cluster.migrateSlots(second, third, slots);
    const back = await cluster.migrateSlots(third, promoted, slots.slice(0, 2));
    const late = await count(store);
    process.stdout.write(
      `banking on a cluster: a master killed, ${slots.length} slots with ${moved} keys moved, 2 of them with ${back} once more, ${late} of ${transfers} ended\n`,
    );
    expect(moved).toBeGreaterThan(20);
    expect(late).toBeLessThan(transfers * 0.9);
    expect([await exit, err.split('\n').filter((line) => line.startsWith('The demo failed'))]).toEqual([0, []]);
    expect(JSON.parse(out)).toMatchObject({ ok: true, transfers, killsSurvived: 2 });
  });

  it('transfers conserve the money when a master dies that has answered what its replica has not', async (test) => {
    leaveOut(test, MORE);
    const { cluster, store, folder } = await open();
    const transfers = makeTransfers(500);
    // The owners live to see what is lost: their leases last longer than the failover takes.
    const crew = begin(cluster, folder, { transfers, ownKeys: true, leaseMs: 8 * LEASE_MS });
    await crew.reached(50);
    const [first] = cluster.masters as readonly [Server, Server, Server];
    await cluster.cutReplication(first);
    await pause(300);
    await cluster.failover(first, { replicated: false });
    const before = new Set(crew.ended);
    // Who looks while others write sees what is lost for good: what they write again is another entry.
    const lost = await lostIn(store, crew);
    expect(lost.size).toBeGreaterThan(0);
    expect(crew.ended.size).toBeLessThan(transfers.length);
    await crew.done();
    const problems = await audit(store, crew, placeIn(folder), { transfers, ownKeys: true, lost });
    const regressed = crew.told('store.regressed');
    process.stdout.write(
      `failover with a loss: ${lost.size} runs with lost entries, ${problems.length} problems, store.regressed ${regressed}\n`,
    );
    expect(problems).toEqual([]);
    expect(unnoticed(lost, crew, before)).toEqual([]);
  });

  it('transfers lose nothing when a master dies and comes back as a replica, and slots move to and fro', async (test) => {
    leaveOut(test, MORE);
    const { cluster, store, folder } = await open();
    const transfers = makeTransfers(1_500);
    const crew = begin(cluster, folder, { transfers, ownKeys: false, leaseMs: LEASE_MS });
    await crew.reached(50);
    const [first, second, third] = cluster.masters as readonly [Server, Server, Server];
    await cluster.failover(first, { replicated: true });
    await first.up();
    let rounds = 0;
    for (; crew.ended.size < 0.8 * transfers.length; rounds += 1) {
      const slots = await slotsAt(cluster, second);
      await cluster.migrateSlots(second, third, slots);
      await pause(200);
      await cluster.migrateSlots(third, second, slots);
    }
    expect(rounds).toBeGreaterThan(0);
    await crew.done();
    const problems = await audit(store, crew, placeIn(folder), { transfers, ownKeys: false });
    process.stdout.write(`failover, and slots to and fro ${rounds} times: ${transfers.length} transfers, ${problems.length} problems\n`);
    expect(problems).toEqual([]);
  });
});

function placeIn(folder: string): string {
  return join(folder, 'all');
}

/** Two processes that make transfers on the cluster. */
function begin(cluster: TestCluster, folder: string, work: Pick<Work, 'transfers' | 'ownKeys' | 'leaseMs'>): Crew {
  const nodes = cluster.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const pace = { stepMs: 20, atATime: 12, commandTimeoutMs: 1_000 };
  const crew = new Crew({ place: placeIn(folder), stores: [{ nodes }, { nodes }], ...pace, ...work });
  cleanups.push(() => crew.kill());
  return crew;
}

async function count(store: Store): Promise<number> {
  const { heads } = await store.scan({ kind: 'saga', status: ENDED, limit: 1_000 }).catch(() => ({ heads: [] }));
  return heads.length;
}

async function ended(store: Store, least: number): Promise<void> {
  while ((await count(store)) < least) await pause(50);
}
