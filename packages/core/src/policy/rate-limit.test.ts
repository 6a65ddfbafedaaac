import { describe, expect, it } from 'vitest';
import { guard } from './guard.js';
import { rateLimit } from './rate-limit.js';
import type { RateLimitOptions } from './rate-limit.js';
import { retry } from './retry.js';
import { world } from './world.fixture.js';

/** Which calls at which moments are let through, and how long the others would have to wait. */
async function at(options: RateLimitOptions, moments: readonly number[]): Promise<unknown[]> {
  const { clock, environment } = world();
  const guarded = guard(async () => 'yes', rateLimit(options), { environment });
  const seen: unknown[] = [];
  for (const moment of moments) {
    clock.at = moment;
    seen.push(await guarded().catch((error: { retryAfter: number }) => error.retryAfter));
  }
  return seen;
}

describe('rateLimit', () => {
  it('RL-01 turns the 51st of a minute away until the next one', async () => {
    const moments = [...Array.from({ length: 51 }, (_, i) => i * 100), 59_999, 60_000];
    const seen = await at({ value: 50, window: '1m' }, moments);
    expect(seen.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 'yes'));
    expect(seen.slice(50)).toEqual([55_000, 1, 'yes']);
  });

  it('RL-02 keeps calls apart', async () => {
    expect(await at({ minSpacing: 1000 }, [0, 500, 1000, 1500])).toEqual(['yes', 500, 'yes', 500]);
  });

  it('lets no more through in any window that rolls', async () => {
    expect(await at({ value: 2, window: 100, type: 'rolling' }, [0, 80, 90, 100, 110, 180])).toEqual(['yes', 'yes', 10, 'yes', 70, 'yes']);
    expect(await at({ value: 2, window: 100 }, [0, 80, 90, 100, 110, 120])).toEqual(['yes', 'yes', 10, 'yes', 'yes', 80]);
  });

  it('spreads calls evenly', async () => {
    expect(await at({ value: 10, window: 1000, type: 'smooth' }, [0, 50, 100, 199, 200])).toEqual(['yes', 50, 'yes', 1, 'yes']);
  });

  it('is waited for by a retry for as long as it takes, also by one that must not repeat', async () => {
    const { clock, environment, count } = world();
    const guarded = guard(async () => clock.at, rateLimit({ value: 1, window: 700 }), retry({ idempotent: false }), { environment });
    await guarded();
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 700 });
    expect(count('rateLimit.rejected')).toBe(1);
  });
});
