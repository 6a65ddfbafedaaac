import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';

/** A file of SQLite, or the URL of a Redis server. */
export async function openStore(place) {
  if (!place.startsWith('redis:')) return sqliteStore(place);
  // The answer of a server that was killed is not waited for longer than a test can wait.
  return redisStore({ url: place }, { commandTimeoutMs: 2_000 });
}
