import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointed, createEnvironment, TrackedArray, TrackedMap, TrackedSet } from '@redress/core';
import type { Checkpoints, CheckpointOptions, RedressEvent, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { onTestFinished } from 'vitest';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';

export interface Entry {
  readonly cents: number;
  readonly text?: string;
}

export class Account {
  balance = 100;
  readonly entries = new TrackedMap<string, Entry>();
  readonly marks = new TrackedSet<string>();
  readonly log = new TrackedArray<string>();
}

export const FIELDS = ['balance', 'entries', 'marks', 'log'];

export interface Life {
  readonly account: Account;
  readonly handle: Checkpoints;
  readonly events: RedressEvent[];
  run<T>(body: (account: Account) => T): Promise<T>;
}

/** One life of the account a1, as a process would have it. */
export function live(store: Store, options: CheckpointOptions = {}): Life {
  const environment = createEnvironment();
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => events.push(event));
  const account = new Account();
  const handle = checkpointed(account, { id: 'a1', fields: FIELDS, environment, ...options, store });
  return { account, handle, events, run: (body) => handle.run('call', () => body(account)) };
}

export function shown({ balance, entries, marks, log }: Account): unknown {
  return { balance, entries: [...entries], marks: [...marks], log: [...log] };
}

export type Place = () => Store;

/** What stores there are for a test, each opened anew as often as it is asked for. */
export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  memory: async () => {
    const shared = createMemoryDatabase();
    return () => memoryStore({ shared });
  },
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-checkpoints-'));
    const stores: Store[] = [];
    onTestFinished(async () => {
      for (const one of stores.splice(0)) await one.close();
      rmSync(folder, { recursive: true, force: true });
    });
    return () => {
      const store = sqliteStore(join(folder, 'store.db'));
      stores.push(store);
      return store;
    };
  },
  redis: async () => {
    const server = await Server.start();
    const stores: Store[] = [];
    onTestFinished(async () => {
      for (const one of stores.splice(0)) await one.close();
      await server.remove();
    });
    // Opened before they are asked for: a test opens three at most.
    for (let i = 0; i < 3; i++) stores.push(await redisStore({ url: server.url }));
    let next = 0;
    return () => {
      const store = stores[next++];
      if (!store) throw new Error('The test opens more connections than were prepared.');
      return store;
    };
  },
};

/** Why there is no Redis here, or undefined. */
export const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped checkpoints on Redis: ${missing}.\n`);
