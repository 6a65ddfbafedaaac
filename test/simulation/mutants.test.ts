import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Guards of test/mutations.mjs without which the simulation sees a rule broken, and the rule that tells. */
const CAUGHT = [
  'intent-first',
  'n-plus-one',
  'unknown-by-default',
  'once-unknown',
  'crash-is-unknown',
  'unkeepable-is-unknown',
  'refused-not-undone',
  'unknown-undone',
  'reverse-order',
  'stuck-stops',
  'late-look',
  'quiesce',
  'undo-bounded',
  'undo-key',
  'occurrence-key',
  'safe-launch',
  'heart-beat',
  'replay-order',
  'not-repeatable',
  'decoded-copy',
  'id-conflict',
  'fence-owner',
  'signal-once',
  'waived-is-mixed',
  'write-queue',
  'lost-answer-lease',
  'undo-lease',
  'retry-lease',
  'pivot-insists',
  'pivot-in-flight',
  'pivot-probe',
  'deadline',
] as const;

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

/** Runs the simulation with a guard taken out, and answers what it printed. */
function without(guard: string): Promise<string> {
  const env = { ...process.env, REDRESS_MUTATION: guard, REDRESS_SEEDS: '1000', NO_COLOR: '1', FORCE_COLOR: '0' };
  const child = spawn(process.execPath, [vitest, 'run', 'test/simulation/simulation.test.ts', '--bail=1'], { cwd: root, env });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => void child.on('close', () => resolve(output)));
}

// Takes as long as so many test runs, which is for `npm run check`.
describe.runIf(process.env['REDRESS_TESTS'] === 'full')('a simulation of an engine without one of its guards', () => {
  it('keeps the rules while nothing is taken out', async () => expect(await without('')).toMatch(/0 violations/), 120_000);

  it.each(CAUGHT)(
    'breaks a rule without %s',
    async (guard) => expect(await without(guard)).toMatch(/broke a rule|is not the same twice/),
    240_000,
  );
});
