import { seededRandom } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { open, until } from './account.js';
import type { Opened } from './account.js';
import { STORES } from './stores.js';
import type { Place } from './stores.js';

const FULL = process.env['REDRESS_TESTS'] === 'full';
const SEEDS = Number(process.env['REDRESS_RUNS'] ?? (FULL ? 1_000 : 20));
const MEMBERS = ['P1', 'P2', 'P3'];
const EACH = 100;

/** Payments, checkpoints and crashes by chance, also in the middle of commits and recoveries; then all are brought back. */
async function life(seed: number, forced: 'bcs' | 'none'): Promise<number> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const at = await (STORES['memory'] as () => Promise<Place>)();
  const lives = new Map<string, Promise<Opened>>();
  const opened = new Map<string, Opened>();
  let isCalm = false;
  // As a supervisor would: what has failed is begun anew.
  const begin = (id: string): void => {
    const opening = open(at, id, EACH, MEMBERS, { forced, poll: 1 }, () => !isCalm && random.next() < 0.02);
    const again = (): void => void (lives.get(id) === opening && begin(id));
    lives.set(id, opening);
    opened.delete(id);
    opening.then((one) => {
      if (lives.get(id) === opening) opened.set(id, one);
      void one.process.ended.then((error) => error !== undefined && again());
    }, again);
  };
  MEMBERS.forEach(begin);
  let crashes = 0;
  const down = new Set<string>();
  const soon = <T>(work: Promise<T> | undefined): Promise<T | undefined> =>
    Promise.race([Promise.resolve(work).catch(() => undefined), new Promise<undefined>((resolve) => setTimeout(resolve, 4, undefined))]);
  for (let act = 0; act < 40; act++) {
    const id = MEMBERS[below(3)] as string;
    const one = await soon(lives.get(id) as Promise<Opened>);
    const dice = random.next();
    if (dice < 0.12) {
      one?.crash(below(3) - 1, random.next() < 0.5);
      crashes += 1;
      down.add(id);
    } else if (dice < 0.3) {
      if (down.delete(id)) begin(id);
    } else if (dice < 0.5) await soon(one?.process.checkpoint());
    else if (one) await soon(one.pay(MEMBERS[(MEMBERS.indexOf(id) + 1 + below(2)) % 3] as string, 1 + below(5)));
  }
  // Whoever crashed, or is about to, is begun anew; the others are as they are.
  for (const id of down) begin(id);
  isCalm = true;
  const all = (): readonly Opened[] => [...opened.values()];
  const total = (): number => all().reduce((sum, { account }) => sum + account.balance, 0);
  try {
    await until(() => opened.size === MEMBERS.length, `the recovery of seed ${seed}`);
    // What was asked for before is done by then, also what took long.
    await Promise.all(all().map(({ process }) => process.run(() => {}).catch(() => {})));
    await until(() => opened.size === MEMBERS.length && total() === MEMBERS.length * EACH, `the total of seed ${seed}`);
    // And it stays: nothing comes twice.
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(total()).toBe(MEMBERS.length * EACH);
  } finally {
    await Promise.all(all().map(({ process }) => process.stop()));
    await at.remove();
  }
  return crashes;
}

describe.each(['bcs', 'none'] as const)('random lives with forced checkpoints: %s', (forced) => {
  it(`no money is lost or made, wherever they crash (${SEEDS / 2} seeds)`, async () => {
    const counts = [];
    for (let seed = 0; seed < SEEDS / 2; seed++) counts.push(await life(seed, forced));
    expect(counts.reduce((a, b) => a + b, 0)).toBeGreaterThan(SEEDS / 2);
  }, 600_000);
});
