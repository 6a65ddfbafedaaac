import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.js';
import { beginning, momentOf } from './tick.js';
import type { Tick } from './tick.js';
import { VirtualClock } from './virtual-clock.fixture.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps the process busy, so that no timer fires. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('the beginning of a call', () => {
  it('is exact on any clock but the computer’s', () => {
    const clock = new VirtualClock();
    clock.at = 1234;
    expect(beginning(clock)).toBe(1234);
    expect(momentOf(1234, 5000)).toBe(1234);
  });

  it('is never taken for earlier than it was, nor for later than the tick that it was in', async () => {
    const calls: { began: number | Tick; before: number }[] = [];
    const take = (): void => {
      const before = performance.now();
      calls.push({ began: beginning(systemClock), before });
    };
    for (let i = 0; i < 200; i++) {
      take();
      if (i % 20 === 0) await pause(i % 40 === 0 ? 1 : 50);
    }
    // A turn that takes long: the next call is in a tick that should be over.
    take();
    block(60);
    take();
    await pause(100);
    const now = performance.now();
    const moments = calls.map(({ began }) => momentOf(began, now));
    calls.forEach(({ before }, i) => expect(moments[i]).toBeGreaterThanOrEqual(before - 0.001));
    // Its tick ended when a timer could fire again.
    expect(Math.max(...moments)).toBeLessThan(now);
  });

  it('is renewed by use, though no timer fires', () => {
    const first = beginning(systemClock);
    block(25);
    for (let i = 0; i < 64; i++) beginning(systemClock);
    expect(beginning(systemClock)).not.toBe(first);
    expect(momentOf(first, Infinity)).toBeLessThanOrEqual(performance.now());
  });
});
