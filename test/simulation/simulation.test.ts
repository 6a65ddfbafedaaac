import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptSeeds, logOf, seedOfCommit, trySeed } from './seeds.js';

const { env } = process;
const only = env['REDRESS_SEED'];
/** For `npm run soak`: from this seed on, for so long. */
const soakFrom = env['REDRESS_SOAK_FROM'];
const soakMs = Number(env['REDRESS_SOAK_SECONDS'] ?? 0) * 1_000;
const count = Number(env['REDRESS_SEEDS'] ?? (env['REDRESS_TESTS'] === 'full' ? 2_000 : 200));
const MINUTE_MS = 60_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Tries seeds one after the other. Answers what the first that breaks a rule has to say, or undefined. */
async function tryFrom(first: number, goOn: (tried: number) => boolean): Promise<string | undefined> {
  const started = performance.now();
  let tried = 0;
  for (; goOn(tried); tried++) {
    const broken = await trySeed(first + tried);
    if (broken !== undefined) return `after ${tried} good seeds, ${broken}`;
    // The event loop turns: whoever watches this process hears from it.
    if (tried % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const perSecond = (tried / (performance.now() - started)) * 1_000;
  say(`simulation: ${tried} seeds from ${first}, each twice, ${perSecond.toFixed(0)} seeds/s, 0 violations`);
  return undefined;
}

describe('simulation', () => {
  const limit = Error.stackTraceLimit;
  // Errors are a part of what is simulated, and nobody reads where they come from.
  beforeAll(() => void (Error.stackTraceLimit = 0));
  afterAll(() => void (Error.stackTraceLimit = limit));

  it.runIf(only !== undefined)('keeps the rules with one seed, told whole', async () => {
    say(await logOf(only ?? ''));
    expect(await trySeed(only ?? '')).toBeUndefined();
  });

  const usual = only === undefined && soakFrom === undefined;
  it.runIf(usual).each(keptSeeds())('keeps the rules with seed %s, which broke one once', async (seed) => {
    expect(await trySeed(seed)).toBeUndefined();
  });

  const inTime = 30 * MINUTE_MS;
  it.runIf(usual)(
    'keeps the rules with seeds of this commit',
    async () => {
      expect(await tryFrom(seedOfCommit(), (tried) => tried < count)).toBeUndefined();
    },
    inTime,
  );

  it.runIf(soakFrom !== undefined)(
    'keeps the rules for as long as told',
    async () => {
      const end = performance.now() + soakMs;
      expect(await tryFrom(Number(soakFrom), () => performance.now() < end)).toBeUndefined();
    },
    soakMs + MINUTE_MS,
  );
});
