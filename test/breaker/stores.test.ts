import { fork, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@redress/core';
import type { Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';
import { NAMES } from './cluster.js';
import { Dependency, node } from './node.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const missing = missingServer();
const isFull = process.env['REDRESS_TESTS'] === 'full';
if (!isFull) process.stdout.write('Skipped processes that share a breaker on Redis: they are a part of the full check.\n');
if (missing !== undefined) process.stdout.write(`Skipped the shared breaker on Redis: ${missing}.\n`);

async function newFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'redress-breaker-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'store.db');
}

async function newServer(): Promise<string> {
  const server = await Server.start({});
  cleanups.push(() => server.remove());
  return server.url;
}

type Connect = () => Promise<Store>;
const STORES: Readonly<Record<string, () => Promise<Connect>>> = {
  async memory() {
    const shared = createMemoryDatabase();
    return async () => memoryStore({ shared });
  },
  async SQLite() {
    const file = await newFile();
    return async () => sqliteStore(file);
  },
  async Redis() {
    const url = await newServer();
    return () => redisStore({ url });
  },
};
const LONG = { timeout: 15_000, interval: 20 };

describe.each(Object.keys(STORES))('a shared circuit breaker on %s', (kind) => {
  it.skipIf(kind === 'Redis' && missing !== undefined)('opens for all by a quorum, is probed by one, and closes for all', async () => {
    const connect = await STORES[kind]!();
    const dependency = new Dependency();
    const nodes = await Promise.all(
      NAMES.map(async (name) => {
        const store = await connect();
        const shared = { interval: 50, leaseTtl: 10_000, quorum: 3 };
        const one = node({ name, store, dependency, clock: systemClock, breaker: { delay: 500 }, shared });
        cleanups.push(async () => (await one.breaker[Symbol.asyncDispose](), store.close()));
        return one;
      }),
    );
    const states = (): string[] => nodes.map(({ breaker }) => breaker.state());
    const call = async (): Promise<string[]> => (await Promise.all(nodes.map((one) => one.call())), states());
    await call();
    for (const name of ['a', 'b', 'c']) dependency.downFor.add(name);
    await expect.poll(call, LONG).toEqual(NAMES.map(() => 'open'));
    dependency.downFor.clear();
    dependency.calls.length = 0;
    let release: (value?: unknown) => void = () => {};
    dependency.waits = new Promise((resolve) => (release = resolve));
    const callOn = (): string[] => {
      for (const one of nodes) void one.call();
      return [...dependency.calls];
    };
    await expect.poll(callOn, LONG).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(callOn()).toHaveLength(1);
    release();
    dependency.waits = undefined;
    await expect.poll(call, LONG).toEqual(NAMES.map(() => 'closed'));
  });
});

interface Word {
  readonly what: 'body' | 'state';
  readonly name: string;
  readonly mode?: string;
  readonly state?: string;
}

describe.each(['sqlite', 'redis'])('processes that share a circuit breaker on %s', (kind) => {
  it.skipIf(kind === 'redis' && (missing !== undefined || !isFull))(
    'SB-04 go on when the one that probes is killed, and the next one as well',
    async () => {
      const place = kind === 'sqlite' ? await newFile() : await newServer();
      const words: Word[] = [];
      const processes = new Map<string, ChildProcess>();
      for (const name of ['a', 'b', 'c']) {
        const child = fork(new URL('./node.mjs', import.meta.url), [name, kind, place], { execArgv: [] });
        processes.set(name, child);
        child.on('message', (word: object) => words.push(word as Word));
        cleanups.push(async () => child.kill('SIGKILL'));
      }
      const tell = (mode: string): void => processes.forEach((child) => child.connected && child.send(mode));
      const state = (name: string): string | undefined => words.findLast((word) => word.what === 'state' && word.name === name)?.state;
      const all = (): unknown[] => [...processes.keys()].map(state);

      await expect.poll(all, LONG).toEqual(['closed', 'closed', 'closed']);
      tell('down');
      await expect.poll(all, LONG).not.toContain('closed');
      tell('hangs');
      const lastProbe = (): string | undefined => words.findLast((word) => word.what === 'body' && word.mode === 'hangs')?.name;
      await expect.poll(lastProbe, LONG).toBeDefined();
      const kill = (): string => {
        const holder = lastProbe()!;
        processes.get(holder)!.kill('SIGKILL');
        processes.delete(holder);
        return holder;
      };
      const first = kill();
      await expect.poll(() => lastProbe() !== first, LONG).toBe(true);
      // The one that took its place is killed as well.
      tell('up');
      kill();
      await expect.poll(all, LONG).toEqual(['closed']);
    },
    60_000,
  );
});

it('a shared circuit breaker keeps no process alive', () => {
  const script = fileURLToPath(new URL('./quiet.mjs', import.meta.url));
  const { stdout, status, signal } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 20_000 });
  expect([stdout, status, signal]).toEqual(['open', 0, null]);
});
