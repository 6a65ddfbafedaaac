import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError, StoreUnavailableError } from '@redress/core';
import type { Store } from '@redress/core';
import { isAddress, readAddress, shown } from './address.js';
import { readClient } from './client.js';
import { UsageError } from './usage.js';

/** A journal that is open. */
export interface Journal {
  readonly store: Store;
  close(): Promise<void>;
}

/** Shorter than a lease: a run whose server does not answer is not held longer than it may be. */
const COMMAND_TIMEOUT_MS = 1_000;
const PAUSE_MS = 50;
/** Longer than a failover takes. */
const PATIENCE_MS = 60_000;

/** Opens the journal in a file of SQLite, or on a Redis server or cluster. @throws StoreUnavailableError, ConfigurationError */
export async function openJournal(place: string): Promise<Journal> {
  if (!isAddress(place)) {
    const { sqliteStore } = await import('@redress/sqlite');
    const store = sqliteStore(place);
    return { store, close: () => store.close() };
  }
  const [{ redisStore }, client] = await Promise.all([import('@redress/redis'), readClient(place)]);
  const { namespace = 'default' } = readAddress(place);
  try {
    const store = await redisStore({ client }, { namespace, commandTimeoutMs: COMMAND_TIMEOUT_MS });
    return {
      store,
      async close() {
        await store.close();
        client.disconnect();
      },
    };
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/** Whether the journal holds anything. @throws UsageError in one sentence when it cannot be opened. */
export async function holdsRuns(place: string): Promise<boolean> {
  try {
    const { store, close } = await openJournal(place);
    const { heads } = await store.scan({ limit: 1 });
    await close();
    return heads.length > 0;
  } catch (error) {
    const said = `--store ${shown(place)}:`;
    if (error instanceof ConfigurationError) {
      throw new UsageError(`${said} ${error.problems.map(({ cause, remedy }) => `${cause} ${remedy}`).join(' ')}`);
    }
    if (!(error instanceof StoreUnavailableError)) throw error;
    if (error.message.startsWith('Redis refused')) throw new UsageError(`${said} ${error.message}`);
    throw new UsageError(
      `${said} no Redis ${readAddress(place).isCluster ? 'Cluster' : 'server'} answers there; start one, or give another address.`,
    );
  }
}

/**
 * Asks again while the store does not answer. Nothing is done twice: a start names its run, and a signal has a key.
 * @throws StoreUnavailableError when it has not answered for a minute.
 */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > until) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
