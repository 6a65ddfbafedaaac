import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { bulkhead } from './bulkhead.js';
import type { BulkheadOptions } from './bulkhead.js';
import { PlainCall } from './call.js';
import { guard } from './guard.js';
import { Bulkhead, waitFor } from './places.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { hangs, reset, watch, world } from './world.fixture.js';

describe('bulkhead', () => {
  it('BH-01 BH-03 runs as many as it may, lets as many wait, and turns the others away', async () => {
    const { clock, environment, count } = world();
    let running = 0;
    let most = 0;
    const places = bulkhead({ value: 3, waitingTaskQueue: 10 });
    const guarded = guard(
      async () => {
        most = Math.max(most, (running += 1));
        await clock.sleep(10);
        running -= 1;
      },
      places,
      { environment, name: 'Bank.charge' },
    );
    const outcomes = Array.from({ length: 14 }, () => watch(clock, guarded()));
    expect(places.load).toEqual({ running: 3, waiting: 10 });
    await clock.drive(hangs());
    expect(most).toBe(3);
    expect(outcomes.slice(0, 13).map(({ at }) => at)).toEqual([10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40, 50]);
    expect(outcomes[13]?.error).toMatchObject({ code: 'BULKHEAD_REJECTED', message: expect.stringContaining('Bank.charge') });
    expect(count('bulkhead.rejected')).toBe(1);
    expect(places.load).toEqual({ running: 0, waiting: 0 });
  });

  it('takes those who wait longest first, or who came last', async () => {
    for (const [order, expected] of [
      ['fifo', [0, 1, 2, 3]],
      ['lifo', [0, 3, 2, 1]],
    ] as const) {
      const { clock, environment } = world();
      const begun: number[] = [];
      const guarded = guard(
        async (n: number) => {
          begun.push(n);
          await clock.sleep(10);
        },
        bulkhead({ value: 1, order }),
        { environment },
      );
      for (let n = 0; n < 4; n++) void guarded(n);
      await clock.drive(hangs());
      expect(begun).toEqual(expected);
    }
  });

  it('BH-06 never begins what was aborted in the queue, and gives its turn to the next', async () => {
    const { clock, environment } = world();
    const begun: string[] = [];
    const places = bulkhead(1);
    const guarded = guard(
      async (name: string) => {
        begun.push(name);
        await clock.sleep(10);
      },
      places,
      { environment },
    );
    const abort = new AbortController();
    void guarded('a');
    const b = watch(clock, guarded.with(abort)('b'));
    const c = watch(clock, guarded('c'));
    abort.abort('left');
    expect(places.load).toEqual({ running: 1, waiting: 1 });
    await clock.drive(hangs());
    expect([b.error, c.at, begun]).toEqual(['left', 20, ['a', 'c']]);
    expect(places.load).toEqual({ running: 0, waiting: 0 });
  });

  it('gives a place on that was taken in the turn of the abort', async () => {
    const { environment } = world();
    const places = new Bulkhead(1, 2, 'fifo');
    const abort = new AbortController();
    expect(places.enter()).toBe(true);
    const begun: string[] = [];
    const wait = (name: string, signal?: AbortSignal): Promise<unknown> =>
      waitFor(places, new PlainCall('Bank.charge', [], signal, environment), environment, async () => begun.push(name));
    const aborted = wait('aborted', abort.signal);
    const next = wait('next');
    places.leave();
    abort.abort('left');
    await expect(aborted).rejects.toBe('left');
    await next;
    expect(begun).toEqual(['next']);
    expect(places.load).toEqual({ running: 1, waiting: 0 });
  });

  it('BH-07 keeps the place of a call whose time is over until its body has settled', async () => {
    const { clock, environment, until } = world();
    const places = bulkhead({ value: 1, waitingTaskQueue: 1 });
    const guarded = guard(() => clock.sleep(300), timeout(100), places, { environment });
    const a = watch(clock, guarded());
    await until(200);
    expect(a.at).toBe(100);
    expect(places.load).toEqual({ running: 1, waiting: 0 });
    await until(400);
    expect(places.load).toEqual({ running: 0, waiting: 0 });
  });

  it('BH-09 empties a long queue of bodies that settle at once', async () => {
    const { environment } = world();
    const guarded = guard(() => 1, bulkhead({ value: 1, waitingTaskQueue: 100_000 }), { environment });
    const all = await Promise.all(Array.from({ length: 100_000 }, () => guarded()));
    expect(all.length).toBe(100_000);
  });

  it('BH-10 holds nothing of ten thousand who waited and left', async () => {
    const { clock, environment } = world();
    const places = bulkhead({ value: 1, waitingTaskQueue: 20_000 });
    const guarded = guard(hangs, places, { environment });
    void guarded();
    const aborts = Array.from({ length: 10_000 }, () => new AbortController());
    const ends = aborts.map((abort) =>
      guarded
        .with(abort)()
        .catch(() => {}),
    );
    expect(places.load.waiting).toBe(10_000);
    for (const abort of aborts.toReversed()) abort.abort();
    await Promise.all(ends);
    expect(places.load).toEqual({ running: 1, waiting: 0 });
    await clock.drive(Promise.resolve());
  });

  it('CX-01 runs every body in the async context of its caller', async () => {
    const { clock, environment } = world();
    const store = new AsyncLocalStorage<number>();
    const seen: [number, number | undefined][] = [];
    const body = async (n: number): Promise<void> => {
      seen.push([n, store.getStore()]);
      await clock.sleep(1);
    };
    for (const more of [[], [timeout(10_000)]]) {
      const guarded = guard(body, bulkhead({ value: 2, waitingTaskQueue: 200 }), ...more, { environment });
      for (let n = 0; n < 100; n++) store.run(n, () => void guarded(n));
    }
    await clock.drive(hangs());
    expect(seen).toHaveLength(200);
    expect(seen.filter(([n, found]) => n !== found)).toEqual([]);
  });

  it('is left during the pauses between attempts, or kept over them', async () => {
    const begun = async (scope: NonNullable<BulkheadOptions['scope']>): Promise<string[]> => {
      const { clock, environment } = world();
      const seen: string[] = [];
      const guarded = guard(
        async (name: string) => {
          seen.push(name);
          if (name === 'a') throw reset();
        },
        bulkhead({ value: 1, scope }),
        retry({ maxRetries: 1, delay: 100, jitter: 'none' }),
        { environment },
      );
      guarded('a').catch(() => {});
      void guarded('b');
      await clock.drive(hangs());
      return seen;
    };
    expect(await begun('attempt')).toEqual(['a', 'b', 'a']);
    expect(await begun('invocation')).toEqual(['a', 'a', 'b']);
  });
});
