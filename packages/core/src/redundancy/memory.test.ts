import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../base/environment.js';
import { processReplica } from './process-replica.js';
import { redundant } from './redundant.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** What is still held after everything that can go has gone, in bytes. */
async function held(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function growth(votes: number, vote: (n: number) => Promise<unknown>): Promise<number> {
  for (let i = 0; i < votes / 10; i++) await vote(i);
  const before = await held();
  for (let i = 0; i < votes; i++) await vote(i);
  return (await held()) - before;
}

const MB = 2 ** 20;

describe('votes leave nothing behind', () => {
  it.each(['parallel', 'lazy'] as const)(
    '10,000 of them, %s, with a caller, timers, liars, failures and who is not waited for',
    async (mode) => {
      const environment = createEnvironment();
      environment.events.on('*', () => {});
      const caller = new AbortController();
      // What each answer holds would be seen: 10,000 of them are 40 MB.
      const answer = (n: number): { n: number; load: string } => ({ n, load: `${n}`.padEnd(4_096) });
      const ask = redundant(
        [
          async (n: number) => answer(n),
          async (n: number) => answer(n % 6 === 0 ? -n : n),
          (n: number) => (n % 6 === 3 ? Promise.reject(new Error('away')) : Promise.resolve(answer(n))),
          async (n: number) => answer(n),
          (_n: number) => new Promise<{ n: number; load: string }>(() => {}),
        ],
        { mode, replicaTimeout: '10m', quarantineAfter: 20_000, project: ({ n }) => n, quorum: 3 },
        environment,
      );
      const vote = (n: number): Promise<unknown> => ask.vote([n], { signal: caller.signal }).catch(() => undefined);
      expect(await growth(10_000, vote)).toBeLessThan(2 * MB);
    },
  );

  it('1,000 of processes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-memory-'));
    writeFileSync(join(folder, 'echo.mjs'), 'export const echo = (value) => value;');
    const module = pathToFileURL(join(folder, 'echo.mjs'));
    const replicas = await Promise.all(
      ['a', 'b', 'c'].map((name) => processReplica<[string], string>(name, module, { method: 'echo', execArgv: [] })),
    );
    const ask = redundant(replicas, { stragglers: 'await' });
    expect(await growth(1_000, (n) => ask(`${n}`.padEnd(8_192)))).toBeLessThan(2 * MB);
    await Promise.all(replicas.map((one) => one.close()));
    rmSync(folder, { recursive: true });
  });
});
