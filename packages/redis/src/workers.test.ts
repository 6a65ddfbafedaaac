import { createRuntime, defineSaga, defineStep } from '@redress/core';
import type { Runtime, Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped workers that come and go on Redis: ${missing}.\n`);

const RUNS = 400;
const ROOM = 10;

describe.skipIf(missing !== undefined)('a backlog on Redis', () => {
  it('is worked off by workers that join, leave and die, each with the room that it has', async () => {
    const server = await Server.start({});
    const calls = new Map<string, number>();
    const busy = new Map<string, number>();
    let most = 0;
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const parts = (worker: string) => {
      const step = defineStep('work', { readOnly: true }, async (id: string) => {
        calls.set(id, (calls.get(id) ?? 0) + 1);
        busy.set(worker, (busy.get(worker) ?? 0) + 1);
        most = Math.max(most, busy.get(worker) ?? 0);
        await pause(20);
        busy.set(worker, (busy.get(worker) ?? 0) - 1);
      });
      const saga = defineSaga('backlog', { id: (id: string) => id }, async (run, id) => {
        await run.sleep(1);
        await run.step(step, id);
      });
      return { sagas: [saga], steps: [step], saga };
    };
    const open = async (
      worker: string,
      isWorker = true,
    ): Promise<{ store: Store; runtime: Runtime; saga: ReturnType<typeof parts>['saga'] }> => {
      const store = await redisStore({ url: server.url });
      const { saga, ...registered } = parts(worker);
      const options = { store, ...registered, lease: '1s' as const, poll: '100ms' as const, maxConcurrentRuns: ROOM };
      return { store, saga, runtime: createRuntime({ ...options, worker: isWorker }) };
    };
    try {
      const starter = await open('starter', false);
      for (let i = 0; i < RUNS; i += 1) void starter.runtime.start(starter.saga, [`r${i}`]);
      const parked = async (): Promise<number> => (await starter.runtime.admin.health()).details.owned;
      await expect.poll(parked, { timeout: 20_000 }).toBe(0);

      const left = async (): Promise<number> => (await starter.runtime.admin.list({ status: ['running'], limit: 1_000 })).runs.length;
      const [leaving, dying] = [await open('leaving'), await open('dying')];
      await expect.poll(left, { timeout: 20_000 }).toBeLessThan(RUNS - 60);
      await leaving.runtime.stop();
      const joining = await open('joining');
      await expect.poll(left, { timeout: 20_000 }).toBeLessThan(RUNS - 150);
      // As kill -9: it owns runs, and nothing that it asks is heard any more.
      await dying.store.close();
      const late = await open('late');
      await expect.poll(left, { timeout: 30_000 }).toBe(0);

      expect(calls.size).toBe(RUNS);
      const again = [...calls.values()].filter((count) => count > 1);
      expect(again.length).toBeLessThanOrEqual(ROOM);
      expect(Math.max(...calls.values())).toBeLessThanOrEqual(2);
      expect(most).toBeLessThanOrEqual(ROOM);
      for (const { runtime, store } of [joining, late, starter]) {
        await runtime.stop();
        await store.close();
      }
      await leaving.store.close();
      await dying.runtime.stop({ drain: 0 }).catch(() => {});
    } finally {
      await server.remove();
    }
  }, 90_000);
});
