import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { redisStore } from './redis-store.js';
import { missingServer, Server } from './server.fixture.js';

const missing = missingServer();
if (missing !== undefined) process.stdout.write(`Skipped sagas on a Redis server: ${missing}.\n`);

const work = defineStep('work', { readOnly: true }, async (k: number) => k * 2);
const many = defineSaga('many', { id: (id: string, _n: number) => id }, async (run, _id, n) => {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += await run.step(work, i);
  return sum;
});

describe.skipIf(missing !== undefined)('a saga on Redis', () => {
  it('of N sequential steps costs N + 1 scripts', async () => {
    const server = await Server.start({});
    try {
      await using store = await redisStore({ url: server.url });
      await using runtime = createRuntime({ store, sagas: [many], steps: [work], worker: false });
      for (const n of [0, 1, 3, 10]) {
        await server.command('CONFIG', 'RESETSTAT');
        expect(await runtime.run(many, [`a${n}`, n])).toBe(n * (n + 1));
        const stats = String(await server.command('INFO', 'commandstats'));
        expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBe(n + 1);
      }
      expect((await runtime.admin.list({ status: ['completed'] })).runs).toHaveLength(4);
    } finally {
      await server.remove();
    }
  });

  it('that one process began is finished by another', async () => {
    const server = await Server.start();
    try {
      const store = await redisStore({ url: server.url });
      let begun = (): void => {};
      const under = new Promise<void>((resolve) => (begun = resolve));
      const steps = (wait: boolean) => [
        work,
        defineStep('slow', { readOnly: true }, async () => {
          begun();
          return wait ? new Promise<string>(() => {}) : 'done';
        }),
      ];
      const both = (wait: boolean) => {
        const [first, slow] = steps(wait) as [typeof work, ReturnType<typeof defineStep<[], string>>];
        const saga = defineSaga('both', { id: (id: string) => id }, async (run) => `${await run.step(first, 4)} ${await run.step(slow)}`);
        return { saga, steps: [first, slow] };
      };
      const dying = both(true);
      const one = createRuntime({ store, sagas: [dying.saga], steps: dying.steps, lease: '300ms', worker: false });
      void one.run(dying.saga, ['b']).catch(() => {});
      await under;
      await store.close();
      await using other = await redisStore({ url: server.url });
      const living = both(false);
      await using two = createRuntime({ store: other, sagas: [living.saga], steps: living.steps, lease: '300ms', poll: '50ms' });
      expect(await two.run(living.saga, ['b'])).toBe('8 done');
      await one.stop({ drain: 0 }).catch(() => {});
    } finally {
      await server.remove();
    }
  }, 20_000);
});
