import { describe, expect, it } from 'vitest';
import { ReplicaTimeoutError } from './errors.js';
import type { RedundantOptions } from './options.js';
import { at, broken, hangs, now, setUp } from './redundant.fixture.js';
import type { Act } from './redundant.fixture.js';

class NotFound extends Error {
  override readonly name = 'NotFound';
}

describe('redundancy', () => {
  it('VT-02 answers what most replicas say, and tells who said something else', async () => {
    const { run, decided } = setUp([now(7), now(9), now(7)], { stragglers: 'await' });
    expect(await run()).toMatchObject({ value: { value: 7, winner: 'r1', support: 2, dissent: ['r2'] } });
    expect(decided()).toMatchObject({ outcome: 'value', winner: 'r1', support: 2, replicas: 3, dissent: ['r2'] });
  });

  it('VT-01 has no dissent when all agree', async () => {
    expect(await setUp([now(7), now(7), now(7)], { vote: 'unanimous' }).run()).toMatchObject({ value: { value: 7, dissent: [] } });
  });

  it('VT-03 VT-07 takes one answer of three for none', async () => {
    expect(await setUp([now(7), now(broken), now(broken)]).lost()).toMatchObject({ reason: 'insufficient', retryable: false });
    const error = await setUp([now(broken), now(broken), now(broken)], { stragglers: 'await' }).lost();
    expect(error.errors).toEqual([broken, broken, broken]);
    expect(error.message).toBe(
      'Rates.get: the 3 replicas came to no answer, for too few of them answered (r1: failed, r2: failed, r3: failed).',
    );
  });

  it('VT-05 VT-06 says so when the answers disagree', async () => {
    expect(await setUp([now(7), now(9), now(broken)]).lost()).toMatchObject({ reason: 'disagreement', retryable: true });
    const error = await setUp([at(3, 1), at(2, 2), at(1, 3)]).lost();
    expect(error.reason).toBe('disagreement');
    expect(error.ballots.map((one) => one.kind === 'value' && one.value)).toEqual([1, 2, 3]);
    // What the replicas said is the caller's, and in no log.
    expect(JSON.stringify(error)).not.toContain('value');
  });

  it('VT-12 answers as soon as it is decided, and asks the rest to stop', async () => {
    const { value, clock, aborted, started } = setUp([at(10, 7), at(20, 7), hangs]);
    expect(await value()).toBe(7);
    expect([clock.at, aborted, started]).toEqual([20, [[3, 20]], [1, 2, 3]]);
  });

  it('VT-13 gives up as soon as nothing can win', async () => {
    const { lost, clock, aborted } = setUp([at(10, broken), at(20, broken), at(90, 7)]);
    const error = await lost();
    expect([clock.at, aborted]).toEqual([20, [[3, 20]]]);
    expect(error.ballots.map((one) => one.kind === 'blank' && one.reason)).toEqual(['failed', 'failed', 'aborted']);
  });

  it('VT-14 waits for who decides', async () => {
    const { value, clock } = setUp([at(10, 7), at(20, 9), at(500, 7)]);
    expect([await value(), clock.at]).toEqual([7, 500]);
  });

  it('a replica that throws at once or answers no promise is one like others', async () => {
    const throws: Act = () => {
      throw broken;
    };
    expect(await setUp([throws, () => 7, () => 7]).value()).toBe(7);
  });

  it('ends a replica that takes too long, and hears of it no more', async () => {
    const late: Act = async (_, clock) => {
      await clock.sleep(80);
      throw broken;
    };
    const { run, clock, aborted } = setUp([late, at(90, 7), at(90, 7)], { replicaTimeout: '50ms' });
    const end = (await run()) as PromiseRejectedResult;
    expect(end.reason).toMatchObject({ reason: 'insufficient', retryable: true });
    expect(end.reason.errors[0]).toBeInstanceOf(ReplicaTimeoutError);
    expect(clock.at).toBe(50);
    expect(aborted.map(([who]) => who)).toEqual([1, 2, 3]);
    const { value, clock: other } = setUp([hangs, at(20, 7), at(30, 7)], { replicaTimeout: '50ms' });
    expect([await value(), other.at, other.timers.length]).toEqual([7, 30, 0]);
  });

  it('an answer that comes after its time does not count, though the vote goes on', async () => {
    const acts = [at(60, 7), at(40, 7), at(45, 9)];
    const { lost, clock } = setUp(acts, { mode: 'lazy', replicaTimeout: 50 });
    expect((await lost()).ballots).toMatchObject([{ reason: 'timeout' }, { value: 7 }, { value: 9 }]);
    expect(clock.at).toBe(95);
  });

  it('VT-11 a tie may be put before a judge, who is given one ballot of each answer', async () => {
    const seen: unknown[] = [];
    const acts = [at(3, 5), at(2, 5), at(1, 8), at(5, 9), at(4, 9)];
    const judged = async (tie: RedundantOptions<number>['tie'], mode: 'parallel' | 'lazy') =>
      setUp(acts, { vote: 'plurality', mode, ...(tie && { tie }) }).value();
    for (const mode of ['parallel', 'lazy'] as const) {
      const byLast: RedundantOptions<number>['tie'] = (tied) => (seen.push(tied.map((one) => one.replica)), tied.at(-1)?.index);
      expect(await judged(byLast, mode)).toBe(9);
      expect(await judged(() => undefined, mode)).toMatchObject({ reason: 'tie' });
      expect(await judged(() => 2, mode)).toMatchObject({
        reason: 'voter',
        cause: { message: expect.stringContaining('tie chose 2') as string },
      });
      expect(await judged(() => { throw broken; }, mode)).toMatchObject({ reason: 'voter', cause: broken }); // prettier-ignore
      expect(await judged(undefined, mode)).toMatchObject({ reason: 'tie' });
    }
    // Once each: what would be is not put before it.
    expect(seen).toEqual([['r1', 'r4'], ['r1', 'r4']]); // prettier-ignore
  });

  it('VT-15 lazy asks only as many as could decide', async () => {
    const { value, started } = setUp([at(5, 7), at(5, 7), at(5, 7)], { mode: 'lazy', quorum: 2 });
    expect([await value(), started]).toEqual([7, [1, 2]]);
  });

  it('VT-16 lazy asks one more when they disagree or fail', async () => {
    const disagree = setUp([at(5, 7), at(6, 9), at(5, 9)], { mode: 'lazy' });
    expect([await disagree.value(), disagree.started, disagree.clock.at]).toEqual([9, [1, 2, 3], 11]);
    const fails = setUp([at(5, broken), at(50, 9), at(5, 9)], { mode: 'lazy' });
    expect([await fails.value(), fails.started, fails.clock.at]).toEqual([9, [1, 2, 3], 50]);
  });

  it('lazy asks one for the first answer, all for a mean, and the heavy ones first to be configured for weights', async () => {
    const counts = async (options: RedundantOptions): Promise<readonly number[]> => {
      const { run, started } = setUp([at(1, 5), at(1, 5), at(1, 5), at(1, 5), at(1, 5)], { mode: 'lazy', ...options });
      await run();
      return started;
    };
    expect(await counts({ vote: 'first' })).toEqual([1]);
    expect(await counts({ vote: 'unanimous' })).toEqual([1, 2, 3, 4, 5]);
    expect(await counts({ vote: 'mean' })).toEqual([1, 2, 3, 4, 5]);
    expect(await counts({ vote: 'median' })).toEqual([1, 2, 3]);
    expect(await counts({ vote: 'plurality' })).toEqual([1, 2, 3]);
    expect(await counts({ vote: 'weighted', weights: [4, 1, 1, 1, 1] })).toEqual([1, 2]);
    expect(await counts({ vote: () => 0 })).toEqual([1, 2, 3, 4, 5]);
  });

  it('VT-22 votes on a part, and gives the whole answer', async () => {
    const acts = [now({ v: 1, ts: 100 }), now({ v: 1, ts: 101 }), now({ v: 2, ts: 102 })];
    expect(await setUp<{ v: number }>(acts, { project: (r) => r.v }).value()).toEqual({ v: 1, ts: 100 });
  });

  it('VT-25 with a tolerance waits for all, and gives the one in the middle', async () => {
    const { value, clock } = setUp([at(30, 1), at(20, 1.4), at(10, 1.8)], { tolerance: 0.5 });
    expect([await value(), clock.at]).toEqual([1.4, 30]);
  });

  it('VT-26 VT-28 votes by the median or mean of numbers', async () => {
    expect(await setUp([now(10), now(12), now(1000)], { vote: 'median' }).value()).toBe(12);
    expect(await setUp([now(10), now(20), now(60)], { vote: 'mean' }).run()).toMatchObject({ value: { value: 30, winner: undefined } });
    expect(await setUp([now(NaN), now(5), now(broken)], { vote: 'median' }).lost()).toMatchObject({ reason: 'insufficient' });
  });

  it('a median tells of dissent only beside a tolerance', async () => {
    expect(await setUp([now(10), now(12), now(99)], { vote: 'median' }).run()).toMatchObject({ value: { dissent: [] } });
    expect(await setUp([now(10), now(12), now(99)], { vote: 'median', tolerance: 5 }).run()).toMatchObject({ value: { dissent: ['r3'] } });
    expect(await setUp([now(10), now(12), now(17)], { vote: 'mean', tolerance: 3 }).run()).toMatchObject({ value: { dissent: ['r3'] } });
  });

  it('VT-29 declared errors vote, and the first of them is what comes out', async () => {
    const errors = [new NotFound('by r1'), new NotFound('by r2')];
    const { value, decided } = setUp([now(errors[0]), now(errors[1]), now(5)], { errorsAsVotes: [NotFound], stragglers: 'await' });
    expect(await value()).toBe(errors[0]);
    expect(decided()).toMatchObject({ outcome: 'error', support: 2, dissent: ['r3'] });
    expect(await setUp([now(errors[0]), now(errors[1]), now(5)]).lost()).toMatchObject({ reason: 'insufficient' });
    const coded = (code: string): Error => Object.assign(new NotFound('x'), { code });
    expect(await setUp([now(coded('A')), now(coded('B')), now(5)], { errorsAsVotes: ['NotFound'] }).lost()).toMatchObject({
      reason: 'disagreement',
    });
  });

  it('VT-31 weights decide', async () => {
    expect(await setUp([now('A'), now('B'), now('B')], { vote: 'weighted', weights: [3, 1, 1] }).value()).toBe('A');
  });

  it('VT-33 answers that are not accepted do not count', async () => {
    expect(await setUp([now(-5), now(4), now(4)], { accept: (v) => v >= 0 }).value()).toBe(4);
    expect(await setUp([now(-5), now(-5), now(4)], { accept: (v) => v >= 0 }).lost()).toMatchObject({ reason: 'insufficient' });
  });

  it('VT-36 functions that throw cost a vote and no more, and it is told', async () => {
    const equals = (a: number, b: number): boolean => {
      if (a === 1 && b === 2) throw broken;
      return a % 10 === b % 10;
    };
    const one = setUp([now(1), now(2), now(12)], { equals });
    expect(await one.value()).toBe(2);
    expect(one.events.find(({ name }) => name === 'vote.fault')).toMatchObject({ error: broken, details: { replicas: ['r1', 'r2'] } });
    const throwsAt5 = (v: number): boolean => {
      if (v === 5) throw broken;
      return true;
    };
    expect(await setUp([now(5), now(4), now(4)], { accept: throwsAt5 }).value()).toBe(4);
    expect(await setUp([now(5), now(4), now(4)], { project: throwsAt5 }).value()).toBe(4);
    const { lost, events } = setUp([now(4), now(4), now(4)], { accept: (async () => true) as never });
    await lost();
    expect(events[0]).toMatchObject({
      name: 'vote.fault',
      error: { message: 'accept must answer true or false at once, and not object.' },
    });
  });

  it('an answer that cannot be looked at agrees with none', async () => {
    const bad = Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw broken; } }); // prettier-ignore
    expect(await setUp([now(bad), now({ x: 1 }), now({ x: 1 })]).value()).toEqual({ x: 1 });
  });

  it('a vote of one’s own is asked when all ballots are in', async () => {
    const { value, clock } = setUp([at(1, 3), at(9, 8), at(5, 1)], {
      vote: (ballots) => ballots.findIndex((one) => one.kind === 'value' && one.value === 8),
    });
    expect([await value(), clock.at]).toEqual([8, 9]);
    const throws = (): number => {
      throw broken;
    };
    expect(await setUp([now(1), now(1)], { vote: throws }).lost()).toMatchObject({ reason: 'voter', cause: broken, retryable: false });
    expect(await setUp([now(1), now(1)], { vote: () => 7 }).lost()).toMatchObject({ reason: 'voter' });
    expect(await setUp([now(1), now(1)], { vote: () => undefined }).lost()).toMatchObject({ reason: 'disagreement' });
  });

  it('stragglers may be waited for', async () => {
    const { run, clock, aborted } = setUp([at(1, 7), at(2, 7), at(300, 9)], { stragglers: 'await' });
    expect(await run()).toMatchObject({ value: { value: 7, dissent: ['r3'] } });
    expect([clock.at, aborted]).toEqual([300, []]);
  });

  it('stragglers may be left to themselves, and what they say is told', async () => {
    const { run, clock, aborted, events } = setUp([at(1, 7), at(2, 7), at(300, 9)], { stragglers: 'detach' });
    const end = await run();
    expect(end).toMatchObject({ value: { value: 7, ballots: [{}, {}, { kind: 'blank', reason: 'late' }] } });
    expect(clock.at).toBe(2);
    await clock.drive(new Promise(() => {}));
    expect(aborted).toEqual([]);
    expect(events.at(-1)).toMatchObject({ name: 'vote.late', details: { replica: 'r3', dissented: true } });
  });

  it.each([
    ['abort', 18, [[2, 18]]],
    ['detach', 18, []],
    ['await', 400, []],
  ] as const)('lazy treats who is not needed any more as a straggler as well: %s', async (stragglers, end, stopped) => {
    // Nothing can win any more when the last one that was asked has answered, and the second one has not.
    const acts = [at(5, 6), at(400, 7), at(6, 8), at(6, 9), at(6, 10)];
    const { lost, clock, started, aborted } = setUp(acts, { mode: 'lazy', stragglers });
    expect((await lost()).reason).toBe('disagreement');
    expect([started, clock.at, aborted]).toEqual([[1, 2, 3, 4, 5], end, stopped]);
  });

  it('the caller’s signal ends the vote at once with its reason', async () => {
    const caller = new AbortController();
    const { run, clock, aborted } = setUp([at(10, 7), hangs, hangs]);
    clock.setTimer(30, () => caller.abort(broken));
    expect(await run(caller.signal)).toEqual({ status: 'rejected', reason: broken });
    expect(aborted).toEqual([[2, 30], [3, 30]]); // prettier-ignore
    const none = setUp([now(1)]);
    expect(await none.run(AbortSignal.abort(broken))).toEqual({ status: 'rejected', reason: broken });
    expect(none.started).toEqual([]);
  });

  it.each(['parallel', 'lazy'] as const)('%s asks nobody any more when one that was just asked makes the caller give up', async (mode) => {
    const caller = new AbortController();
    const givesUp: Act = () => {
      caller.abort(broken);
      return new Promise(() => {});
    };
    const { run, clock, started, aborted } = setUp([hangs, givesUp, hangs, hangs], { mode, replicaTimeout: 50 });
    expect(await run(caller.signal)).toEqual({ status: 'rejected', reason: broken });
    expect([started, aborted.map(([who]) => who), clock.timers.length]).toEqual([[1, 2], [1, 2], 0]); // prettier-ignore
  });
});
