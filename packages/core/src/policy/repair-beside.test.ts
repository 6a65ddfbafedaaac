import { describe, expect, it } from 'vitest';
import { circuitBreaker } from './circuit-breaker.js';
import { guard } from './guard.js';
import { repair } from './repair.js';
import type { RepairOptions } from './repair.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

class InvalidDataError extends Error {}

/** Sums numbers; refuses what is no number. */
const sum = (seen: unknown[][]) => async (items: unknown[]) => {
  seen.push([...items]);
  if (items.some((one) => typeof one !== 'number')) throw new InvalidDataError('no number');
  return (items as number[]).reduce((all, one) => all + one, 0);
};
const numbers = (items: unknown[]): unknown[] => [items.filter((one) => typeof one === 'number')];
const to = (options: Partial<RepairOptions>) => repair({ on: InvalidDataError, with: numbers, ...options });

describe('a repair beside other policies', () => {
  it('leaves repetitions of calls within to them, for it makes none itself', async () => {
    let runs = 0;
    const inner = guard(async () => Promise.reject(((runs += 1), reset())), retry({ maxRetries: 2, delay: 0, budget: false }));
    await guard(() => inner(), to({}))
      .call(undefined)
      .catch(() => {});
    expect(runs).toBe(3);
    runs = 0;
    const owning = guard(() => inner(), to({}), retry({ maxRetries: 2, delay: 0, budget: false }));
    await owning().catch(() => {});
    expect(runs).toBe(3);
  });

  it('does not keep a call around it from repeating what it has repaired', async () => {
    let runs = 0;
    const inner = guard(
      async () => {
        runs += 1;
        throw runs % 2 === 1 ? new InvalidDataError('x') : reset();
      },
      to({ with: () => undefined }),
    );
    const outer = guard(
      async () => {
        await Promise.resolve();
        return inner();
      },
      retry({ maxRetries: 2, delay: 0, budget: false }),
    );
    await outer().catch(() => {});
    expect(runs).toBe(6);
  });

  it('leaves a rejection that nobody handles to be seen', async () => {
    const seen: unknown[] = [];
    const own = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (error) => seen.push(error));
    const error = new E('nobody');
    void guard(async () => Promise.reject(error), to({}))();
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.removeAllListeners('unhandledRejection');
    for (const one of own) process.on('unhandledRejection', one);
    expect(seen).toEqual([error]);
  });

  it('is counted by the breaker as the attempts are', async () => {
    const breaker = circuitBreaker({ requestVolumeThreshold: 2, failureRatio: 1, delay: '1h' });
    const guarded = guard(sum([]), breaker, to({ with: () => [['y']], maxRepairs: 5 }));
    await expect(guarded(['x'])).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  it('does not wait for a repair that hangs beyond the deadline', async () => {
    const { clock, environment, until } = world();
    const end = watch(clock, guard(sum([]), to({ with: hangs }), timeout({ value: 30, scope: 'total' }), { environment })(['x']));
    await until(30);
    expect(end).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});
