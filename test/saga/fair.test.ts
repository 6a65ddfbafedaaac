import { defineSaga, defineStep } from '@redress/core';
import type { Store } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

describe('a backlog of one saga', () => {
  /** Due runs, the oldest first, that one process with little room is to take up. Answers in which order it does. */
  async function taken(backlog: Readonly<Record<string, number>>, room: number): Promise<string[]> {
    const world = new World();
    const work = defineStep('work', { readOnly: true }, async () => new Promise<void>((resolve) => void world.clock.setTimer(10, resolve)));
    const sagas = Object.keys(backlog).map((name) => defineSaga(name, { id: (id: string) => id }, async (run, _id) => run.step(work)));
    const dies = world.process({ sagas, steps: [work], worker: false, lease: 1_000 });
    for (const saga of sagas) {
      for (let i = 0; i < (backlog[saga.name] ?? 0); i++) await dies.runtime.start(saga, [`${i}`]);
      await world.clock.advance(1);
    }
    dies.kill();
    await world.clock.advance(5_000);
    const order: string[] = [];
    const heard = (store: Store): Partial<Store> => ({
      claim: async (claim) => {
        const heads = await store.claim(claim);
        order.push(...heads.map(({ name }) => name));
        return heads;
      },
    });
    world.process({ sagas, steps: [work], maxConcurrentRuns: room }, heard);
    await world.clock.advance(600_000);
    expect(order).toHaveLength(Object.values(backlog).reduce((sum, n) => sum + n));
    return order;
  }

  it('does not keep one due run of another saga waiting', async () => {
    for (const room of [1, 4, 128]) {
      const order = await taken({ much: 300, little: 1 }, room);
      expect([room, order.indexOf('little')]).toEqual([room, Math.min(room, 32)]);
    }
  });

  it('nor several of them one of yet another saga', async () => {
    const order = await taken({ a: 100, b: 100, c: 100, last: 2 }, 4);
    expect(order.indexOf('last')).toBeLessThanOrEqual(3 * 4);
    // Each has its share while it has any.
    const half = order.slice(0, 150);
    for (const name of ['a', 'b', 'c']) expect(half.filter((one) => one === name).length).toBeGreaterThan(30);
  });
});
