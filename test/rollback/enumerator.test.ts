import { describe, expect, it } from 'vitest';
import { verdict, World } from './world.js';
import type { Fault } from './world.js';

interface Found {
  readonly schedules: number;
  readonly correct: number;
  readonly wrong: readonly string[];
}

/** Every single crash point, and for each of them every second one (or each `step`-th, from a start that goes round). */
async function enumerate(messages: number, fault?: Fault, step = 1): Promise<Found> {
  let [schedules, correct] = [0, 0];
  const wrong: string[] = [];
  const judge = (world: World, problem: string | undefined, name: string): void => {
    schedules += 1;
    if (problem === undefined) correct += 1;
    else wrong.push(`${name}: ${problem}`);
  };
  const ended = async (world: World): Promise<string | undefined> => {
    try {
      await world.live();
      return verdict(world);
    } catch (error) {
      return `refused: ${String(error)}`;
    }
  };
  const plain = new World(messages, fault);
  const first = await plain.live();
  judge(plain, verdict(plain), 'no crash');
  for (let a = 1; a <= first; a += 1) {
    const single = new World(messages, fault);
    await single.live(a);
    let second = 0;
    try {
      second = await single.live();
    } catch {
      second = 0;
    }
    judge(single, second === 0 ? 'refused' : verdict(single), `${a}`);
    for (let b = 1 + (a % step); b <= second; b += step) {
      const double = new World(messages, fault);
      await double.live(a);
      await double.live(b).catch(() => {});
      judge(double, await ended(double), `${a}, ${b}`);
    }
  }
  return { schedules, correct, wrong };
}

const isFull = process.env['REDRESS_TESTS'] === 'full';

describe('ML2 every crash point of a logged process', () => {
  it('all schedules of one and two crashes are correct', async () => {
    const { schedules, correct, wrong } = await enumerate(isFull ? 12 : 6, undefined, isFull ? 1 : 3);
    expect(wrong).toEqual([]);
    expect(correct).toBe(schedules);
    expect(schedules).toBeGreaterThan(isFull ? 1_000 : 100);
  }, 300_000);

  const faults: readonly (readonly [Fault, RegExp])[] = [
    ['log-in-memory', /input lost/],
    ['acknowledge-before-log', /input lost/],
    ['output-before-log', /orphan output/],
    ['trim-before-checkpoint', /input lost|refused/],
    ['replay-by-time', /input lost|orphan|refused/],
    ['outputs-without-key', /output duplicated/],
    ['inexact-position', /input applied twice|refused/],
    ['chance-not-logged', /orphan output|refused/],
    ['no-deduplication', /input applied twice/],
  ];
  it.each(faults)(
    'the enumerator finds %s',
    async (fault, problem) => {
      const { wrong } = await enumerate(fault === 'replay-by-time' ? 9 : 6, fault, 9);
      expect(wrong).toContainEqual(expect.stringMatching(problem));
    },
    60_000,
  );
});
