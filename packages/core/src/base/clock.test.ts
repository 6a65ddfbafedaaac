import { describe, expect, it } from 'vitest';
import { sleep, systemClock } from './clock.js';

describe('the next turn', () => {
  it('comes after the promises that are ready now, and those that they make ready', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.nextTurn(() => {
        order.push('turn');
        resolve();
      });
      void (async () => {
        for (let i = 0; i < 5; i++) await Promise.resolve();
        order.push('promises');
      })();
    });
    expect(order).toEqual(['promises', 'turn']);
  });

  it('asked for within a turn is the one after', async () => {
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      systemClock.nextTurn(() => {
        systemClock.nextTurn(() => {
          order.push(3);
          resolve();
        });
        order.push(1);
      });
      systemClock.nextTurn(() => void order.push(2));
    });
    expect(order).toEqual([1, 2, 3]);
  });
});

describe('a sleep', () => {
  it('ends when its signal is aborted, and leaves no listener behind', async () => {
    const controller = new AbortController();
    const slept = sleep(systemClock, 60_000, controller.signal);
    controller.abort();
    await slept;
    await sleep(systemClock, 60_000, controller.signal);
    expect(true).toBe(true);
  });
});
