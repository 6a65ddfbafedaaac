import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { at, broken, now, setUp } from './redundant.fixture.js';
import type { Act } from './redundant.fixture.js';
import { redundancy } from './redundant.js';

describe('quarantine', () => {
  it('keeps out a replica that was outvoted too often in a row, until it is released', async () => {
    let wrong = true;
    const acts = [now(7), now(7), at(0, 9)];
    acts[2] = async () => (wrong ? 9 : 7);
    const { run, ask, started, events } = setUp(acts, { quarantineAfter: 2, stragglers: 'await' });
    await run();
    expect(ask.quarantined).toEqual([]);
    await run();
    expect(ask.quarantined).toEqual(['r3']);
    expect(events.filter(({ name }) => name === 'replica.quarantined')).toMatchObject([{ details: { replica: 'r3' } }]);
    started.length = 0;
    // Two of three are still a majority, and no less than two.
    expect(await run()).toMatchObject({ value: { value: 7, ballots: [{}, {}, { reason: 'quarantined' }] } });
    expect(started).toEqual([1, 2]);
    wrong = false;
    expect([ask.release('r3'), ask.release('r3'), ask.quarantined]).toEqual([true, false, []]);
    await run();
    expect(started).toEqual([1, 2, 1, 2, 3]);
    expect(() => ask.release('r4')).toThrow(ConfigurationError);
  });

  it('counts dissents in a row, and failures not at all', async () => {
    const says = [9, 7, 9, broken, 9];
    let i = 0;
    const acts: Act[] = [now(7), now(7), () => (says[i] instanceof Error ? Promise.reject(says[i++]) : says[i++])];
    const { run, ask } = setUp(acts, { quarantineAfter: 2, stragglers: 'await' });
    for (const expected of [[], [], [], [], ['r3']]) {
      await run();
      expect(ask.quarantined).toEqual(expected);
    }
  });

  it('never keeps out so many that no vote could be won', async () => {
    let liar = 2;
    const acts = [0, 1, 2].map(
      (i): Act =>
        () =>
          i === liar ? 9 : 7,
    );
    const { run, ask } = setUp(acts, { quarantineAfter: 1, stragglers: 'await' });
    await run();
    expect(ask.quarantined).toEqual(['r3']);
    liar = 1;
    await run();
    expect(ask.quarantined).toEqual(['r3']);
    const numbers = setUp([now(10), now(500), now(900)], { vote: 'median', tolerance: 5, quarantineAfter: 1 });
    await numbers.run();
    expect(numbers.ask.quarantined).toEqual(['r1']);
  });

  it('is nothing for copies of one call, of which none is somebody', () => {
    expect(() => redundancy(3, { quarantineAfter: 1 })).toThrow(/redundancy, quarantineAfter: Copies of one call are nobody/);
    expect(() => redundancy(3, { quarantineAfter: 0 })).not.toThrow();
  });

  it('does not begin with a vote that nobody has won, nor for who was not waited for', async () => {
    const none = setUp([now(7), now(8), now(9)], { quarantineAfter: 1 });
    await none.run();
    expect(none.ask.quarantined).toEqual([]);
    const early = setUp([now(7), now(7), at(50, 9)], { quarantineAfter: 1 });
    await early.run();
    expect(early.ask.quarantined).toEqual([]);
    const late = setUp([now(7), now(7), at(50, 9)], { quarantineAfter: 1, stragglers: 'detach' });
    await late.run();
    expect(late.ask.quarantined).toEqual([]);
    await late.clock.drive(new Promise(() => {}));
    expect(late.ask.quarantined).toEqual(['r3']);
  });

  it.each([2, 3, 4, 5])('of many votes at once keeps out each liar once, and never too many of %i', async (liars) => {
    const acts = Array.from({ length: 7 }, (_, i) => at(i, i < 7 - liars ? 7 : 100 + i));
    const { ask, clock, events } = setUp(acts, { quarantineAfter: 2, stragglers: 'await' });
    await clock.drive(Promise.allSettled(Array.from({ length: 20 }, () => ask.vote([]))));
    const expected = liars <= 3 ? liars : 0;
    expect(ask.quarantined).toHaveLength(expected);
    expect(events.filter(({ name }) => name === 'replica.quarantined')).toHaveLength(expected);
  });
});
