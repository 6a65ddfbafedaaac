import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOfCommit } from '../simulation/seeds.js';
import { histories } from './turns.js';
import { Twins } from './twins.js';

/** `REDRESS_PROPERTY=seed:path` looks at one counterexample again. */
const [seed = String(seedOfCommit()), path] = process.env['REDRESS_PROPERTY']?.split(/:(.*)/s) ?? [];
const runs = Number(process.env['REDRESS_RUNS'] ?? (process.env['REDRESS_TESTS'] === 'full' ? 1_500 : 30));

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redress-as-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the SQLite store', () => {
  it('answers every history of three connections as the memory store answers it, transactions that broke down left out', async () => {
    const property = fc.asyncProperty(histories, async (turns) => {
      const twins = new Twins(join(folder, `${(files += 1)}.db`));
      try {
        await twins.live(turns);
      } finally {
        await twins.close();
      }
    });
    const told = await fc.check(property, { seed: Number(seed), numRuns: runs, ...(path ? { path, endOnFailure: true } : {}) });
    if (!told.failed) return;
    const again = `REDRESS_PROPERTY=${told.seed}:${told.counterexamplePath} npx vitest run test/stores/sqlite-as-memory.test.ts`;
    const { errorInstance: error } = told;
    expect.fail([await fc.asyncDefaultReportMessage(told), error instanceof Error ? error.message : '', `Again: ${again}`].join('\n'));
    // A history is told when it is as short as it can be.
  }, 300_000);
});
