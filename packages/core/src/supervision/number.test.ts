import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lab } from './lab.fixture.js';

/*
 * Whatever happens in whatever order, with starts and stops that take their time: the number is kept. The members are
 * counted by themselves, from the beginning of their start to their end.
 */

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('crash' as const), who: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('break' as const), who: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('scale' as const), count: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 30, 100, 500) }) },
);

it('never more than were wanted, none twice at once, and just as many as wanted when it has come to rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        startsIn: fc.constantFrom(undefined, 50, 200),
        stopsIn: fc.constantFrom(undefined, 40),
        backoff: fc.boolean(),
        steps: fc.array(step, { maxLength: 40 }),
      }),
      async ({ startsIn, stopsIn, backoff, steps }) => {
        const lab = new Lab();
        const child = lab.child('w', { count: 3, ...(startsIn === undefined ? {} : { startsIn }) });
        const begun = new Map<string, number>();
        let [wanted, most, present, twice] = [3, 0, 0, false];
        const start: typeof child.start = async (context) => {
          most = Math.max(most, (present += 1));
          begun.set(context.id, (begun.get(context.id) ?? 0) + 1);
          twice ||= begun.get(context.id) !== 1;
          const gone = (): void => {
            present -= 1;
            begun.set(context.id, (begun.get(context.id) ?? 0) - 1);
          };
          try {
            const running = await child.start(context);
            const slow = (): void => void (stopsIn === undefined ? running.stop?.() : lab.clock.setTimer(stopsIn, () => running.stop?.()));
            // Counted out in the same turn in which its end is seen by the supervisor, not later.
            const ended = running.ended.then(gone, (error: unknown) => {
              gone();
              throw error;
            });
            return { ended, stop: slow };
          } catch (error) {
            gone();
            throw error;
          }
        };
        const supervisor = lab.supervisor({
          intensity: 1_000_000,
          children: [{ ...child, start }],
          ...(backoff ? { backoff: { minMs: 10, maxMs: 300 } } : {}),
        });
        void supervisor.start();
        await lab.clock.advance(3 * (startsIn ?? 0));
        let ceiling = 3;
        for (const one of steps) {
          if (one.kind === 'crash') lab.lives.get(`w.${one.who + 1}`)?.crash();
          else if (one.kind === 'break') lab.broken.set(`w.${one.who + 1}`, 1);
          else if (one.kind === 'pass') await lab.clock.advance(one.ms);
          else {
            wanted = one.count;
            ceiling = Math.max(ceiling, wanted);
            void supervisor.scale('w', wanted);
          }
          expect(present).toBeLessThanOrEqual(ceiling);
        }
        await lab.clock.advance(20_000);
        expect(supervisor.children().map(({ state }) => state)).toEqual(Array(wanted).fill('running'));
        expect(present).toBe(wanted);
        expect(most).toBeLessThanOrEqual(ceiling);
        expect(twice).toBe(false);
        const stopped = supervisor.stop();
        await lab.clock.advance(5_000);
        await stopped;
        expect([present, lab.clock.timers.size]).toEqual([0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});
