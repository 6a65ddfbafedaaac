import type { Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';

/** A place that several connections, as of several processes, share. */
export interface Place {
  /** What a process is told to find it. */
  readonly address: string;
  connect(): Promise<Store>;
  remove(): Promise<void>;
}

/** Closes with the place what was connected to it. */
function place(address: string, open: () => Store | Promise<Store>, remove: () => Promise<void>): Place {
  const opened: Store[] = [];
  return {
    address,
    async connect() {
      const store = await open();
      opened.push(store);
      return store;
    },
    async remove() {
      for (const store of opened) await store.close();
      await remove();
    },
  };
}

async function memory(): Promise<Place> {
  const shared = createMemoryDatabase();
  return place(
    'memory:',
    () => memoryStore({ shared }),
    async () => {},
  );
}

export async function sqlite(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'redress-lines-'));
  const file = join(folder, 'store.db');
  return place(
    file,
    () => sqliteStore(file),
    () => rm(folder, { recursive: true, force: true }),
  );
}

export async function redis(): Promise<Place> {
  const server = await Server.start();
  return place(
    server.url,
    () => redisStore({ url: server.url }),
    () => server.remove(),
  );
}

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Not over Redis: ${missing}\n`);

/** Those that outlive a process. */
export const DURABLE_STORES: Readonly<Record<string, () => Promise<Place>>> = {
  SQLite: sqlite,
  ...(missing === undefined ? { Redis: redis } : {}),
};
export const STORES: Readonly<Record<string, () => Promise<Place>>> = { memory, ...DURABLE_STORES };
