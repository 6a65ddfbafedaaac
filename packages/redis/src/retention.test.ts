import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped retention on a Redis server: ${missing}.\n`);

const work = defineStep('work', { readOnly: true }, async (n: number) => n);
const many = defineSaga('many', { id: (id: string) => id }, async (run) => (await run.step(work, 1)) + (await run.step(work, 2)));

describe.skipIf(missing !== undefined)('a run on Redis that has ended', () => {
  it('is forgotten after its retention, with all its keys, and costs no more scripts until then', async () => {
    const server = await Server.start({});
    try {
      await using store = await redisStore({ url: server.url }, { partitions: 2 });
      await using runtime = createRuntime({ store, sagas: [many], steps: [work], retention: '1s', poll: '50ms' });
      const keys = async (): Promise<readonly string[]> => (await server.command('KEYS', '*')) as readonly string[];
      const ids = Array.from({ length: 300 }, (_, i) => `r${i}`);
      await Promise.all(ids.map((id) => runtime.run(many, [id])));
      expect((await runtime.admin.list({ status: ['completed'], limit: 1_000 })).runs).toHaveLength(300);
      expect((await keys()).filter((key) => key.includes(':stream:'))).toHaveLength(300);
      await expect.poll(async () => (await keys()).filter((key) => !key.endsWith(':record')), { timeout: 10_000 }).toEqual([]);
      expect(await runtime.run(many, ['r1'])).toBe(3);
    } finally {
      await server.remove();
    }
  }, 20_000);

  it('is written with its retention in the same commit', async () => {
    const server = await Server.start({});
    try {
      await using store = await redisStore({ url: server.url });
      await using runtime = createRuntime({ store, sagas: [many], steps: [work], retention: '7d', worker: false });
      await server.command('CONFIG', 'RESETSTAT');
      await runtime.run(many, ['x']);
      expect(String(await server.command('INFO', 'commandstats'))).toContain('cmdstat_evalsha:calls=3,');
      expect((await store.load('many/x'))?.head.wakeAt).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    } finally {
      await server.remove();
    }
  });
});
