import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlinesOf, Expiry } from './deadlines.js';
import { Fixed, Rolling } from './limiter.js';
import { VirtualClock } from './virtual-clock.fixture.js';
import { createWindow } from './windows.js';
import { hangs } from './world.fixture.js';

// Each against the plainest thing that does the same.
describe('by a plain model', () => {
  const ratio = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
  const tooMany = (failures: number, calls: number, of: number): boolean => failures > 0 && failures / calls >= of - 1e-9;

  it('a window of calls opens when the last ones have too many failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        ratio,
        fc.array(fc.boolean(), { maxLength: 200, size: 'max' }),
        (volume, of, failures) => {
          const window = createWindow({ window: 'count', volume, ratio: of, samplingMs: 1 });
          failures.forEach((isFailure, i) => {
            const last = failures.slice(Math.max(0, i + 1 - volume), i + 1);
            const expected = last.length === volume && tooMany(last.filter(Boolean).length, volume, of);
            expect(window.record(isFailure, 0)).toBe(expected);
          });
        },
      ),
    );
  });

  it('a window of time counts the calls of its ten last parts', () => {
    const calls = fc.array(fc.tuple(fc.oneof(fc.nat(400), fc.nat(1500)), fc.boolean()), { maxLength: 100, size: 'max' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), ratio, calls, (volume, of, steps) => {
        const window = createWindow({ window: 'time', volume, ratio: of, samplingMs: 1000 });
        const seen: { readonly part: number; readonly isFailure: boolean }[] = [];
        let now = 0;
        for (const [later, isFailure] of steps) {
          now += later;
          seen.push({ part: Math.floor(now / 100), isFailure });
          const last = seen.filter(({ part }) => part > Math.floor(now / 100) - 10);
          const failures = last.filter((one) => one.isFailure).length;
          expect(window.record(isFailure, now)).toBe(last.length >= volume && tooMany(failures, last.length, of));
        }
      }),
    );
  });

  it('a rate limit lets through what its windows have room for, and says when there is room again', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 100, size: 'max' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, fc.boolean(), (value, waits, isRolling) => {
        const limit = isRolling ? new Rolling(value, 100) : new Fixed(value, 100);
        const taken: number[] = [];
        let [now, windowFrom] = [0, -Infinity];
        for (const wait of waits) {
          now += wait;
          if (!isRolling && now >= windowFrom + 100) windowFrom = now;
          const inWindow = taken.filter((at) => (isRolling ? at > now - 100 : at >= windowFrom));
          const waitMs = limit.waitMs(now);
          expect(waitMs).toBe(inWindow.length < value ? 0 : (isRolling ? (inWindow[0] as number) : windowFrom) + 100 - now);
          if (waitMs > 0) continue;
          limit.count(now);
          taken.push(now);
        }
      }),
    );
  });

  it('time-outs fire each at its moment, but for those that were taken out, with one timer', async () => {
    const acts = fc.array(
      fc.record({ ms: fc.constantFrom(100, 250, 900), odd: fc.boolean(), at: fc.nat(800), out: fc.option(fc.nat(1500)) }),
      {
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        const clock = new VirtualClock();
        const deadlines = deadlinesOf(clock);
        const fired = new Map<number, number>();
        let most = 0;
        all.forEach(({ ms, odd, at, out }, i) => {
          clock.setTimer(at, () => {
            const dueAt = at + (odd ? ms / 2 : ms);
            const others = clock.timers.length;
            const expiry = new Expiry(dueAt, () => void fired.set(i, clock.at));
            deadlines.add(expiry, odd ? 0 : ms);
            most = Math.max(most, clock.timers.length - others);
            if (out !== null) clock.setTimer(out, () => deadlines.remove(expiry));
          });
        });
        await clock.drive(hangs());
        expect(most).toBeLessThanOrEqual(1);
        all.forEach(({ ms, odd, at, out }, i) => {
          const due = odd ? ms / 2 : ms;
          // Taken out in the very moment, either may come first.
          if (out === due) return;
          expect(fired.get(i)).toBe(out !== null && out < due ? undefined : at + due);
        });
      }),
      { numRuns: 50 },
    );
  });
});
