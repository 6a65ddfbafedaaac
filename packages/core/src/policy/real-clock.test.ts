import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.js';
import { guard } from './guard.js';
import { hangs } from './world.fixture.js';
import { timeout } from './timeout.js';

/** Timers that keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const turn = (): Promise<void> => new Promise((resolve) => systemClock.nextTurn(resolve));

describe('on the computer’s clock', () => {
  it('a time-out keeps the process alive while a call waits for it, and not after', async () => {
    const before = timers();
    const slow = guard((ms: number) => (ms === 0 ? Promise.resolve('at once') : hangs()), timeout(60_000));
    const quick = guard(hangs, timeout(15));
    expect(await slow(0)).toBe('at once');
    await turn();
    expect(timers()).toBe(before);
    const ended = quick().catch((error: { elapsedMs: number }) => error.elapsedMs);
    expect(timers()).toBe(before + 1);
    expect(await ended).toBeGreaterThan(13);
    await turn();
    expect(timers()).toBe(before);
  });
});
