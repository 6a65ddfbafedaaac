import { DESK_TABLES, openSql } from '@redress/example-shared';
import type { Sql } from '@redress/example-shared';
import type { Account } from '../transfer.js';

/** Accounts of the bank itself: what left one account and did not arrive at another yet, and what customers paid for it. */
export const TRANSIT = 'TRANSIT';
export const FEES = 'FEES';

const TABLES = `
  ${DESK_TABLES}
  CREATE TABLE IF NOT EXISTS accounts (number TEXT PRIMARY KEY, initial INTEGER NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0),
    daily INTEGER, closed INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS postings (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, transfer TEXT NOT NULL, account TEXT NOT NULL, cents INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS postings_by_key ON postings (key);
  CREATE TABLE IF NOT EXISTS reserved (key TEXT PRIMARY KEY, account TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS reserved_by_account ON reserved (account);
  CREATE TABLE IF NOT EXISTS payments (key TEXT PRIMARY KEY, transfer TEXT NOT NULL, bank TEXT NOT NULL, account TEXT NOT NULL, cents INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS cases    (key TEXT PRIMARY KEY, transfer TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL, by TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS trail    (key TEXT PRIMARY KEY, transfer TEXT NOT NULL, cents INTEGER NOT NULL, proof TEXT NOT NULL) STRICT;
`;

/**
 * Opens the file in which the remote systems live; they are separate from the journal and know nothing of it. What they
 * were asked survives the death of every process; that of the computer is not what this example is about, and a write
 * that waits for no disk leaves more of it to the journal, which does.
 */
export function openDatabase(file: string): Sql {
  return openSql(file, TABLES, 'NORMAL');
}

/** Opens the accounts of customers, once; answers what differs when there are others under these numbers. */
export function openAccounts(sql: Sql, accounts: readonly Account[]): string | undefined {
  const add = sql.prepare('INSERT OR IGNORE INTO accounts (number, initial, balance, daily, closed) VALUES (?, ?, ?, ?, ?)');
  const read = sql.prepare('SELECT initial, daily, closed FROM accounts WHERE number = ?');
  const open = sql.transaction((): string | undefined => {
    for (const number of [TRANSIT, FEES]) add.run(number, 0, 0, null, 0);
    for (const { number, cents, dailyCents, closed } of accounts) {
      add.run(number, cents, cents, dailyCents, Number(closed));
      const found = read.get(number) as { initial: number; daily: number; closed: number };
      if (found.initial !== cents || found.daily !== dailyCents || found.closed !== Number(closed)) return number;
    }
    return undefined;
  });
  return open.immediate() as string | undefined;
}
