import { readDesks } from '@redress/example-shared';
import type { DeskFacts, Sql } from '@redress/example-shared';
import { openDatabase } from './database.js';

export interface AccountFact {
  readonly number: string;
  readonly initial: number;
  readonly balance: number;
  /** Null: an account of the bank itself. */
  readonly daily: number | null;
}

/** What the remote systems would answer to an auditor. */
export interface Facts extends DeskFacts {
  readonly accounts: readonly AccountFact[];
  readonly postings: readonly { readonly transfer: string; readonly account: string; readonly cents: number }[];
  readonly reserved: readonly { readonly account: string; readonly cents: number; readonly state: 'taken' | 'given back' }[];
  readonly payments: readonly { readonly transfer: string; readonly bank: string; readonly account: string; readonly cents: number }[];
  readonly cases: readonly {
    readonly transfer: string;
    readonly cents: number;
    readonly state: 'open' | 'approved' | 'declined' | 'withdrawn';
  }[];
  readonly trail: readonly { readonly transfer: string; readonly cents: number }[];
}

export function readFacts(file: string): Facts {
  const sql = openDatabase(file);
  try {
    return factsOf(sql);
  } finally {
    sql.close();
  }
}

export function factsOf(sql: Sql): Facts {
  const all = <T>(query: string): T[] => sql.prepare(query).all() as T[];
  return {
    accounts: all('SELECT number, initial, balance, daily FROM accounts ORDER BY number'),
    postings: all('SELECT transfer, account, cents FROM postings'),
    reserved: all('SELECT account, cents, state FROM reserved'),
    payments: all('SELECT transfer, bank, account, cents FROM payments'),
    cases: all('SELECT transfer, cents, state FROM cases ORDER BY rowid'),
    trail: all('SELECT transfer, cents FROM trail'),
    ...readDesks(sql),
  };
}
