import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOfCommit } from '../simulation/seeds.js';
import { endProblems } from './property-ends.js';
import { live } from './property-life.js';
import type { Lived } from './property-life.js';
import { plans, VERBS } from './property-plan.js';
import type { Plan } from './property-plan.js';
import { verbProblems, wayProblems } from './property-ways.js';

const { env } = process;
/** `REDRESS_PROPERTY=seed:path` looks at one counterexample again. */
const [seed = String(seedOfCommit()), path] = env['REDRESS_PROPERTY']?.split(/:(.*)/s) ?? [];
const runs = Number(env['REDRESS_RUNS'] ?? (env['REDRESS_TESTS'] === 'full' ? 6_000 : 600));
/** So many histories come to every end that there is. */
const MANY = 500;
const ENDS = ['completed', 'compensated', 'mixed', 'stuck'];
const MINUTE_MS = 60_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Lives through random plans. Undefined when nothing was wrong with any of them; else what to print. */
async function explore(
  name: string,
  plan: fc.Arbitrary<Plan>,
  problemsOf: (lived: Lived) => readonly string[],
): Promise<string | undefined> {
  const ends = new Map(ENDS.map((end) => [end, 0]));
  const began = performance.now();
  const property = fc.asyncProperty(plan, async (one) => {
    const lived = await live(one);
    const end = lived.loaded.head.status;
    ends.set(end, (ends.get(end) ?? 0) + 1);
    const problems = problemsOf(lived);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });
  const told = await fc.check(property, { seed: Number(seed), numRuns: runs, ...(path ? { path, endOnFailure: true } : {}) });
  if (told.failed) {
    const again = `REDRESS_PROPERTY=${told.seed}:${told.counterexamplePath} npx vitest run test/saga/property.test.ts -t '${name}'`;
    const { errorInstance: error } = told;
    return [await fc.asyncDefaultReportMessage(told), error instanceof Error ? error.message : '', `Again: ${again}`].join('\n');
  }
  const counts = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
  say(`${name}: ${told.numRuns} histories from ${seed} in ${((performance.now() - began) / 1_000).toFixed(1)} s: ${counts}`);
  const never = told.numRuns < MANY ? [] : ENDS.filter((end) => ends.get(end) === 0);
  return never.length === 0 ? undefined : `No history ended ${never.join(' or ')}.`;
}

describe('any history', () => {
  const limit = Error.stackTraceLimit;
  // Errors are a part of what happens, and nobody reads where they come from.
  beforeAll(() => void (Error.stackTraceLimit = 0));
  afterAll(() => void (Error.stackTraceLimit = limit));

  it(
    'E15 that ends compensated has undone what may have had an effect, and one that completes has undone nothing',
    async () => expect(await explore('E15', plans(['cancel', 'hold', 'release'], 4), endProblems)).toBeUndefined(),
    30 * MINUTE_MS,
  );

  it(
    'goes only ways that the table of statuses knows, and takes verbs only where they fit',
    async () => {
      const problems = (lived: Lived): readonly string[] => [...wayProblems(lived), ...verbProblems(lived)];
      expect(await explore('goes only ways', plans(VERBS, 12), problems)).toBeUndefined();
    },
    30 * MINUTE_MS,
  );
});
