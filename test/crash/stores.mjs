import { sqliteStore } from '@redress/sqlite';

/** Every store that outlives a process, by name: each opens what lies at `place`, a path without an ending. */
export const STORES = {
  sqlite: (place) => sqliteStore(`${place}.db`),
};
