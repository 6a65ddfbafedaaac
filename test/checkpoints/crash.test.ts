import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';

interface Said {
  readonly word: 'found' | 'saved' | 'back';
  readonly number: number;
  readonly incarnation: number;
  readonly done: number;
  readonly entries: number;
  readonly log: number;
}

interface Life {
  readonly said: readonly Said[];
  readonly places: number;
  readonly killed: boolean;
}

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const isFull = process.env['REDRESS_TESTS'] === 'full';
const OPS = 6;

function life(job: object): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.on('close', (code, signal) => {
      const killed = signal === 'SIGKILL';
      if (!killed && !out.endsWith('ended\n')) return reject(new Error(`A life ended with ${String(signal ?? code)}: ${err}`));
      const lines = out.split('\n');
      const said = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Said);
      resolve({ said, places: lines.filter((line) => line.startsWith('at ')).length, killed });
    });
  });
}

/** One life that is killed at a place, one that is killed at its own restore, one that finishes. */
async function expectLives(where: object, killAt: number): Promise<void> {
  const first = await life({ ...where, killAt, ops: OPS });
  expect(first.killed).toBe(true);
  const again = await life({ ...where, killAt: 2 - (killAt % 2), ops: 1 });
  expect(again.killed).toBe(true);
  const last = await life({ ...where, ops: 1 });
  const found = last.said[0] as Said;
  const acknowledged = first.said.at(-1);
  // All that was acknowledged is there, nothing is half there, and at most what was being written is there beside.
  expect(found.entries).toBe(found.done);
  expect(found.log).toBe(found.done);
  expect(found.done).toBeGreaterThanOrEqual(acknowledged?.done ?? 0);
  expect(found.done).toBeLessThanOrEqual((acknowledged?.done ?? 0) + 1);
  expect(found.number).toBeGreaterThanOrEqual(acknowledged?.number ?? 0);
  expect(found.incarnation).toBeGreaterThan(acknowledged?.incarnation ?? 0);
  const next = last.said[1] as Said;
  expect(next.number).toBeGreaterThan(found.number);
  expect(next.done).toBe(found.done + 1);
}

/** All places, or a few that are other ones each time. */
function chosen(places: number, count: number): readonly number[] {
  const all = Array.from({ length: places }, (_, i) => i + 1);
  const step = Math.ceil(places / count);
  return isFull ? all : all.filter((place) => place % step === process.pid % step);
}

describe('a process that is killed with SIGKILL between any two writes', () => {
  let folder = '';
  let server: Server | undefined;
  const missing = missingServer();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redress-crash-'));
    if (missing === undefined) server = await Server.start();
    else process.stdout.write(`Skipped the crashes of checkpoints on Redis: ${missing}.\n`);
  });

  afterAll(async () => {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is followed by one that has all that was acknowledged, on SQLite', async () => {
    const { places } = await life({ sqlite: join(folder, 'whole.db'), ops: OPS });
    expect(places).toBeGreaterThan(20);
    for (const place of chosen(places, 2)) await expectLives({ sqlite: join(folder, `${place}.db`) }, place);
  }, 600_000);

  it.skipIf(missing !== undefined)(
    'is followed by one that has all that was acknowledged, on Redis',
    async () => {
      const redis = server?.url ?? '';
      const { places } = await life({ redis, ops: OPS });
      expect(places).toBeGreaterThan(20);
      for (const place of chosen(places, 1)) {
        await server?.command('FLUSHALL');
        await expectLives({ redis }, place);
      }
    },
    600_000,
  );
});
