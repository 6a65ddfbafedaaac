import { onTestFailed, onTestFinished } from 'vitest';
import { installMatchers } from './matchers.js';
import type { RecoveryOptions } from './options.js';
import { Recovery } from './recovery.js';
import type { TestRecovery } from './recovery.js';

/**
 * Sagas in a memory store, in virtual time and with seeded chance: what goes wrong is told by the test. Hand in what
 * `redress()` would be handed. What the steps talk to is kept in memory, without real waiting.
 *
 * A fault that was never met fails the test, and the seed is printed when it fails.
 */
export async function testRecovery(options: RecoveryOptions): Promise<TestRecovery> {
  installMatchers();
  const recovery = await Recovery.open(options);
  watch(recovery);
  return recovery;
}

/** Within a test; elsewhere, such as in `beforeAll`, nobody can be told. */
function watch(recovery: Recovery): void {
  const { seed } = recovery;
  try {
    onTestFailed(
      () => void process.stderr.write(`redress: seed ${seed}; again with REDRESS_SEED=${seed} or testRecovery({ seed: ${seed} })\n`),
    );
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') return;
      const missed = [
        ...recovery.faults.filter(({ fired, isLifted }) => fired === 0 && !isLifted),
        ...recovery.crashes.filter(({ fired }) => !fired),
      ];
      if (missed.length === 0) return;
      const names = missed.map((one) => ('description' in one ? one.description : `crashAt(${one.point})`));
      throw recovery.failure(`This test shows nothing of what it set up, because nobody came by: ${names.join(', ')}.`);
    });
  } catch {
    // No test is running.
  }
}
