import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@redress/core';
import type { StoreUnderTest } from '@redress/testkit';
import { sqliteStore } from './sqlite-store.js';
import type { SqliteStoreOptions } from './options.js';

export interface Temporary {
  readonly folder: string;
  readonly file: string;
  remove(): Promise<void>;
}

/** A folder for one test, with a name for a file in it. */
export async function temporary(): Promise<Temporary> {
  const folder = await mkdtemp(join(tmpdir(), 'redress-sqlite-'));
  return { folder, file: join(folder, 'store.db'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** One file, and as many connections to it as a law asks for. */
export async function underTest(options: SqliteStoreOptions): Promise<StoreUnderTest> {
  const { file, remove } = await temporary();
  let stores: Store[] = [];
  const closeAll = async (): Promise<void> => {
    for (const store of stores) await store.close();
    stores = [];
  };
  return {
    durable: true,
    async connect(namespace = 'default') {
      const store = sqliteStore(file, { ...options, namespace });
      stores.push(store);
      return store;
    },
    reopen: closeAll,
    async dispose() {
      await closeAll();
      await remove();
    },
  };
}
