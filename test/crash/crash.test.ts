import { seededRandom } from '@redress/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seedOfCommit } from '../simulation/seeds.js';
import { audit } from './audit.js';
import { Lane } from './lane.js';
import type { Scenario } from './lane.js';
import { STORES } from './stores.mjs';

const FULL = process.env['REDRESS_TESTS'] === 'full';
const seed = Number(process.env['REDRESS_CRASH_SEED'] ?? seedOfCommit());
const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'redress-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Their undos are total. Behind any other, an effect of a stopped process may land later than `lateEffect` tells. */
const STOPPABLE: readonly Scenario[] = ['forward', 'refused', 'parallel'];
const SCENARIOS: readonly Scenario[] = ['forward', 'refused', 'unknown', 'parallel'];
/** In a sample: first deaths for each scenario, and second deaths for each of them. */
const [SINGLE, DOUBLE] = FULL ? [Infinity, Infinity] : [4, 2];
const MINUTE_MS = 60_000;

/** Some of them, chosen by the seed, in their order. */
function sample<T>(all: readonly T[], count: number): readonly T[] {
  const left = [...all];
  while (left.length > count) left.splice(Math.floor(random.next() * left.length), 1);
  return left;
}

/** Kills at each point of a scenario, and for each of them at each point of what another process makes of it. */
async function matrix(lane: Lane, scenario: Scenario): Promise<void> {
  const calm = lane.newRun(scenario);
  const { points } = await lane.live({ start: [calm], watch: calm.run, until: [calm] });
  for (const first of sample([...new Set(points)], SINGLE)) {
    const once = lane.newRun(scenario);
    await lane.live({ start: [once], watch: once.run, killAt: first, until: [once] });
    // The first second life dies nowhere, and tells where it could have.
    const recovery = await lane.live({ start: [], watch: once.run, until: [once] });
    for (const second of sample([...new Set(recovery.points)], DOUBLE)) {
      const twice = lane.newRun(scenario);
      await lane.live({ start: [twice], watch: twice.run, killAt: first, until: [twice] });
      await lane.live({ start: [], watch: twice.run, killAt: second, until: [twice] });
    }
  }
  // What was killed twice is finished by this one.
  await lane.live({ start: [], until: lane.runs });
}

describe.each(Object.keys(STORES))('processes on %s that are killed', (store) => {
  it(
    `before and after each write and each effect, and once more in what follows: all ends as it must (${FULL ? 'all' : `sample ${seed}`})`,
    async () => {
      const started = performance.now();
      const lanes = SCENARIOS.map((scenario) => ({ scenario, lane: new Lane(join(folder, `${store}-${scenario}`), store) }));
      const waiting = [...lanes];
      const work = async (): Promise<void> => {
        for (let one = waiting.shift(); one; one = waiting.shift()) await matrix(one.lane, one.scenario);
      };
      await Promise.all([work(), work()]);
      const problems = (await Promise.all(lanes.map(({ lane }) => audit(lane)))).flat();
      const sum = (of: (lane: Lane) => number): number => lanes.reduce((total, { lane }) => total + of(lane), 0);
      const [runs, kills, processes] = [sum((lane) => lane.runs.length), sum((lane) => lane.kills), sum((lane) => lane.processes)];
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      say(
        `crash matrix, ${store}, ${FULL ? 'whole' : `sample ${seed}`}: ${runs} runs, ${kills} kills, ${processes} processes, ${problems.length} wrong endings, ${seconds} s`,
      );
      expect(problems).toEqual([]);
      expect(kills).toBeGreaterThan(runs / 2);
    },
    30 * MINUTE_MS,
  );

  it(
    'with SIGSTOP beyond the lease: another process goes on, and the old one changes nothing when it wakes',
    async () => {
      const rounds = FULL ? 10 : 2;
      for (let round = 0; round < rounds; round++) {
        const lane = new Lane(join(folder, `${store}-stop-${round}`), store);
        const runs = Array.from({ length: 12 }, (_, i) => lane.newRun(STOPPABLE[i % STOPPABLE.length] as Scenario));
        const stopAfterMs = Math.round(random.next() * 400);
        const { child, life, stopped } = lane.spawn({ start: runs, until: runs, stepMs: 200, stopAfterMs });
        await stopped;
        const other = await lane.live({ start: [], until: runs, stepMs: 5 });
        expect(other.error).toBeUndefined();
        expect(await audit(lane)).toEqual([]);
        child.kill('SIGCONT');
        expect((await life).error).toBeUndefined();
        expect(await audit(lane)).toEqual([]);
      }
      say(`SIGSTOP, ${store}: ${rounds} rounds of 12 runs`);
    },
    5 * MINUTE_MS,
  );
});
