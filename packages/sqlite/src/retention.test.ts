import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { VirtualClock } from '@redress/testkit';
import { expect, it } from 'vitest';
import { sqliteStore } from './sqlite-store.js';

it('a run in a file that has ended is forgotten after its retention, also by a process that has not heard of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redress-retention-'));
  const clock = new VirtualClock();
  const work = defineStep('work', { readOnly: true }, async (n: number) => n);
  const saga = defineSaga('short', { id: (id: string) => id }, async (run) => run.step(work, 1));
  const open = () => sqliteStore(join(folder, 'store.db'), { clock });
  try {
    const first = open();
    const one = createRuntime({ store: first, sagas: [saga], steps: [work], retention: '1d', worker: false, environment: { clock } });
    for (let i = 0; i < 100; i += 1) await clock.until(one.run(saga, [`r${i}`]));
    await one.stop();
    await first.close();

    await using store = open();
    await using two = createRuntime({ store, sagas: [saga], steps: [work], poll: '1m', environment: { clock } });
    await clock.advance(86_400_000 - 120_000);
    expect((await store.scan({ status: ['completed'] })).heads).toHaveLength(100);
    await clock.advance(300_000);
    expect((await store.scan({})).heads).toEqual([]);
    expect(await clock.until(two.run(saga, ['r1']))).toBe(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
