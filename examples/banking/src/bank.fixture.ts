import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@redress/core';
import { redress } from '@redress/decorators';
import type { App } from '@redress/decorators';
import type { Weather } from '@redress/example-shared';
import { memoryStore } from '@redress/memory';
import { audit } from './audit.js';
import type { Audit } from './audit.js';
import { Accounts, Clearing, Fees, Limits, Reviews, Trail, TransferService } from './services.js';
import type { Account, Transfer } from './transfer.js';
import { openAccounts, openDatabase } from './world/database.js';
import { openWorld } from './world/world.js';
import type { World } from './world/world.js';

export const ACCOUNTS: readonly Account[] = [
  { number: 'ana', cents: 5_000_000, dailyCents: 4_000_000, closed: false },
  { number: 'ben', cents: 1_000, dailyCents: 100_000, closed: false },
  { number: 'cleo', cents: 0, dailyCents: 100_000, closed: true },
];
export const LEASE_MS = 60;

/** A bank for one test: its outside world in a folder of its own, and processes that die when a test wants it. */
export class Bank {
  readonly store: Store = memoryStore();
  readonly file: string;
  readonly world: World;
  readonly #folder = mkdtempSync(join(tmpdir(), 'redress-banking-test-'));
  readonly #apps: App[] = [];
  readonly #worlds: World[] = [];

  constructor() {
    this.file = join(this.#folder, 'world.db');
    const sql = openDatabase(this.file);
    openAccounts(sql, ACCOUNTS);
    sql.close();
    this.world = this.openWorld();
  }

  openWorld(clearingWeather?: Weather): World {
    const world = openWorld({ file: this.file, ...(clearingWeather ? { clearingWeather } : {}) });
    this.#worlds.push(world);
    return world;
  }

  /** A process of the bank. One whose store is dead never ends; nobody waits for it. */
  async start(world: World = this.world, store: Store = this.store): Promise<App> {
    const accounts = new Accounts(world.ledger);
    const parts = [new Limits(world.limits), accounts, new Fees(world.ledger), new Reviews(world.reviews)] as const;
    const [clearing, trail] = [new Clearing(world.clearing), new Trail(world.archive)];
    const service = new TransferService(parts[0], accounts, parts[2], parts[3], clearing, trail);
    const app = await redress({ store, instances: [...parts, clearing, trail, service], lease: LEASE_MS, poll: 10, grace: 20 });
    if (store === this.store) this.#apps.push(app);
    return app;
  }

  audit(...transfers: readonly Transfer[]): Promise<Audit> {
    return audit(this.store, this.file, transfers);
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.stop();
    for (const world of this.#worlds) world.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function broken({ invariants }: Audit): readonly string[] {
  return invariants.flatMap(({ differs }) => differs);
}
