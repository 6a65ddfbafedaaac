import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@redress/core';
import { redisStore } from '@redress/redis';
import { Proxy } from '../../packages/redis/src/proxy.fixture.js';
import { DURABLE, missingServer, Server } from '../../packages/redis/src/server.fixture.js';
import type { Settings } from '../../packages/redis/src/server.fixture.js';
import { audit } from './audit.js';
import type { Lost } from './audit.js';
import { Crew, makeTransfers, NAMESPACE } from './crew.js';
import type { Transfer, Work } from './crew.js';

export const FULL = process.env['REDRESS_TESTS'] === 'full';
export const MINUTE_MS = 60_000;
/** Why a test is left out, or undefined: `it(…, (test) => { leaveOut(test, …)`. */
export const missing = missingServer();

interface Skipping {
  skip(note: string): never;
}

/** `more`: one that only a full run has time for. */
export function leaveOut(test: Skipping, more = false): void {
  if (missing !== undefined) test.skip(missing);
  if (more && !FULL) test.skip('only with REDRESS_TESTS=full');
}

export const LEASE_MS = 1_000;

export interface Script {
  readonly settings?: Settings;
  readonly transfers?: number;
  readonly work?: Partial<Work>;
  /** What is not held against it, when the server lost something that it had answered. */
  readonly allow?: (problem: string, lost: Lost) => boolean;
}

/** One server, two processes that make transfers, and from each of them a wire to the server. */
export class Scene {
  readonly transfers: readonly Transfer[];
  readonly server: Server;
  readonly wires: readonly Proxy[];
  readonly crew: Crew;
  readonly #folder: string;
  readonly #ownKeys: boolean;
  readonly #allow: NonNullable<Script['allow']>;

  private constructor(
    folder: string,
    server: Server,
    wires: readonly Proxy[],
    { transfers = 160, work = {}, allow = () => false }: Script,
  ) {
    this.#allow = allow;
    this.#folder = folder;
    this.server = server;
    this.wires = wires;
    this.transfers = makeTransfers(transfers);
    const rest: Work = {
      ...{
        place: this.#place,
        stores: wires.map(({ url }) => ({ url })),
        transfers: this.transfers,
        leaseMs: LEASE_MS,
        stepMs: 30,
        atATime: 6,
      },
      ...{ commandTimeoutMs: 500, ownKeys: false },
      ...work,
    };
    this.#ownKeys = rest.ownKeys;
    this.crew = new Crew(rest);
  }

  static async open(script: Script = {}): Promise<Scene> {
    const server = await Server.start(script.settings ?? DURABLE);
    return new Scene(
      mkdtempSync(join(tmpdir(), 'redress-cluster-')),
      server,
      [await Proxy.to(server.port), await Proxy.to(server.port)],
      script,
    );
  }

  get #place(): string {
    return join(this.#folder, 'all');
  }

  /** Does something to every wire. */
  readonly onWires = (act: (wire: Proxy, i: number) => void): void => this.wires.forEach(act);

  /** Resolves when that share of the transfers has ended; there is work left then. */
  async reached(share: number): Promise<void> {
    await Promise.race([this.crew.reached(Math.ceil(share * this.transfers.length)), this.crew.done()]);
    if (this.crew.ended.size === this.transfers.length) throw new Error('The work was over before the fault.');
  }

  /** A look into the store that does not pass the wire. */
  readonly look = async <T>(judgement: (store: Store) => Promise<T>): Promise<T> => {
    const store = await redisStore({ url: this.server.url }, { namespace: NAMESPACE });
    try {
      return await judgement(store);
    } finally {
      await store.close();
    }
  };

  /** Waits for the end, and compares journal and bank: what is wrong, one sentence each. `lost`: what the server was made to lose. */
  async judge(title: string, lost?: Lost): Promise<readonly string[]> {
    await this.crew.done();
    const expected = { transfers: this.transfers, ownKeys: this.#ownKeys, ...(lost ? { lost } : {}) };
    const found = await this.look((store) => audit(store, this.crew, this.#place, expected));
    const problems = found.filter((problem) => !lost || !this.#allow(problem, lost));
    const told = ['store.unavailable', 'lease.unrenewed', 'worker.failed', 'run.left', 'run.claimed', 'store.regressed'];
    const events = told.map((name) => `${name} ${this.crew.told(name)}`).join(', ');
    process.stdout.write(
      `${title}: ${this.transfers.length} transfers, ${problems.length} problems${found.length > problems.length ? `, ${found.length - problems.length} as documented` : ''}; ${events}\n`,
    );
    return problems;
  }

  async close(): Promise<void> {
    await this.crew.kill();
    await Promise.all(this.wires.map((wire) => wire.close()));
    await this.server.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Plays a fault in the middle of the work, lets the work end, and judges: what is wrong. */
export async function play(title: string, script: Script, fault: (scene: Scene) => Promise<Lost | void>): Promise<readonly string[]> {
  const scene = await Scene.open(script);
  try {
    await scene.reached(0.15);
    const lost = await fault(scene);
    return await scene.judge(title, lost ?? undefined);
  } finally {
    await scene.close();
  }
}
