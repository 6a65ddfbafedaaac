import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALM } from '@redress/example-shared';
import type { Weather } from '@redress/example-shared';
import type { SagaView, TestRecovery } from '@redress/testkit';
import { expect } from 'vitest';
import { balanceOf, checkInvariants } from './invariants.js';
import { REVIEW } from './reviewer.js';
import { Accounts, Clearing, Fees, Limits, Reviews, Trail, TransferService } from './services.js';
import type { Account, Ending, Transfer } from './transfer.js';
import { openAccounts, openDatabase } from './world/database.js';
import { factsOf } from './world/facts.js';
import type { Facts } from './world/facts.js';
import { openWorld } from './world/world.js';
import type { World } from './world/world.js';

export const ACCOUNTS: readonly Account[] = [
  { number: 'ana', cents: 5_000_000, dailyCents: 4_000_000, closed: false },
  { number: 'ben', cents: 1_000, dailyCents: 100_000, closed: false },
  { number: 'cleo', cents: 0, dailyCents: 100_000, closed: true },
];

/** An outside world for one test, in a folder of its own; nothing in it takes time. */
export class Bank {
  readonly world: World;
  readonly file: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redress-banking-test-'));
  readonly #sql;
  readonly #worlds: World[] = [];

  constructor() {
    this.file = join(this.#folder, 'world.db');
    this.#sql = openDatabase(this.file);
    openAccounts(this.#sql, ACCOUNTS);
    this.world = this.openWorld();
  }

  /** Another way into the same world. */
  openWorld(clearingWeather: Weather = { ...CALM, latencyMs: 0 }): World {
    const world = openWorld({ file: this.file, weather: { ...CALM, latencyMs: 0 }, clearingWeather });
    this.#worlds.push(world);
    return world;
  }

  get facts(): Facts {
    return factsOf(this.#sql);
  }

  close(): void {
    for (const world of this.#worlds) world.close();
    this.#sql.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The objects of one process of the bank. */
export function servicesOn(world: World): readonly object[] {
  const [limits, accounts, fees] = [new Limits(world.limits), new Accounts(world.ledger), new Fees(world.ledger)] as const;
  const [reviews, clearing, trail] = [new Reviews(world.reviews), new Clearing(world.clearing), new Trail(world.archive)] as const;
  return [limits, accounts, fees, reviews, clearing, trail, new TransferService(limits, accounts, fees, reviews, clearing, trail)];
}

/** Nothing is lost or made, and the journal and the world say the same. */
export function check({ facts }: Bank, transfer: Transfer, run: SagaView): void {
  const endings: Readonly<Record<string, Ending>> = { completed: 'completed', compensated: 'undone', running: 'waiting', stuck: 'stuck' };
  const found = checkInvariants(facts, [transfer], new Map([[transfer.id, endings[run.status] ?? 'unfinished']]));
  expect(found.flatMap(({ differs }) => differs)).toEqual([]);
}

/** Not a cent is missing, at any moment: what left one account is in another, or in transit. */
export function count({ facts }: Bank): void {
  const { atFirst, accounts, fees, otherBanks, inTransit } = balanceOf(facts);
  expect(accounts + fees + otherBanks + inTransit).toBe(atFirst);
}

/** The person at the desk decides the case that lies there, if there is one, and says so. */
export async function decide(bank: Bank, t: TestRecovery, approved: boolean): Promise<void> {
  const [open] = bank.world.reviews.open();
  if (!open) return;
  bank.world.reviews.decide(open.id, approved, 'A. Ferrari');
  await t.app.signal(TransferService, 'transfer', 't-1', REVIEW, { approved, by: 'A. Ferrari' }, { key: open.id });
}
