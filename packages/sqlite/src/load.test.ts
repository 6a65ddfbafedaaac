import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childProcesses, firstLine } from './children.fixture.js';
import type { Child } from './children.fixture.js';
import { loadDriver } from './driver/load.js';
import { openFile } from './open-file.js';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
const { start, prepare, end, remove } = childProcesses(() => place.file);

beforeAll(prepare);
afterAll(remove);
beforeEach(async () => {
  place = await temporary();
});
afterEach(async () => {
  end();
  await place.remove();
});

interface Flooded {
  readonly commits: number;
  readonly refused: number;
}

/** What a process that floods the file has told at its end. */
async function told(child: Child): Promise<Flooded> {
  let last = '{}';
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => {
    if (line.startsWith('refused')) process.stderr.write(`${line}\n`);
    last = line;
  });
  expect(await child.ended).toBe(0);
  return JSON.parse(last) as Flooded;
}

function checked(): unknown {
  const connection = loadDriver().open(place.file);
  try {
    return connection.prepare('PRAGMA integrity_check').get([])?.['integrity_check'];
  } finally {
    connection.close();
  }
}

const logBytes = (): number => statSync(`${place.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;

/** The entries of all streams, which are as many as their heads say. */
async function entries(): Promise<number> {
  await using store = sqliteStore(place.file);
  let sum = 0;
  for (const { id, length } of (await store.scan({ limit: 1_000 })).heads) {
    const loaded = (await store.load(id))?.entries ?? [];
    expect(loaded.map(({ key }) => key)).toEqual(Array.from({ length }, (_, i) => `k${i}`));
    sum += length;
  }
  return sum;
}

describe('four processes that write at once', () => {
  it('are never refused, get a share each, and every answered commit is there once', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => told(start('flood', name, 3_000))));
    expect(all.map(({ refused }) => refused)).toEqual([0, 0, 0, 0]);
    const sum = all.reduce((before, { commits }) => before + commits, 0);
    expect(await entries()).toBe(sum);
    // A fair share is a quarter.
    for (const { commits } of all) expect(commits).toBeGreaterThan(sum / 40);
    expect(checked()).toBe('ok');
  });

  it('go on when one of them is killed in the middle of its transactions, again and again', async () => {
    const others = ['a', 'b', 'c'].map((name) => told(start('flood', name, 3_000)));
    for (let killed = 0; killed < 6; killed++) {
      const victim = start('flood', `victim-${killed}`, 10_000);
      await firstLine(victim);
      await pause(50 + killed * 17);
      victim.kill('SIGKILL');
    }
    const all = await Promise.all(others);
    for (const { commits, refused } of all) {
      expect(refused).toBe(0);
      expect(commits).toBeGreaterThan(100);
    }
    expect(checked()).toBe('ok');
    expect(await entries()).toBeGreaterThan(all.reduce((before, { commits }) => before + commits, 0));
  });

  it('are not stopped by a reader that stays, and once it has left their log begins anew and grows no more', async () => {
    const writers = ['a', 'b'].map((name) => told(start('flood', name, 5_000)));
    await pause(500);
    const reader = start('read', '', 1_000);
    await firstLine(reader);
    await reader.ended;
    await pause(700);
    const log = logBytes();
    await pause(2_000);
    // It may be a turn further when the machine is busy.
    expect(logBytes()).toBeLessThan(log + 16 * 1024 * 1024);
    for (const { commits, refused } of await Promise.all(writers)) {
      expect(refused).toBe(0);
      expect(commits).toBeGreaterThan(100);
    }
    expect(checked()).toBe('ok');
  });
});

describe('a lock of another process', () => {
  it('is waited for at most 20 ms inside a call, where the event loop stands still', () => {
    const { connection } = openFile(loadDriver(), { path: place.file, namespace: 'default', busyTimeoutMs: 5_000 });
    const { timeout } = connection.prepare('PRAGMA busy_timeout').get([]) as { timeout: number };
    connection.close();
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBeLessThanOrEqual(20);
  });
});
