import { sleep } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import { isChild } from './child.js';
import type { Journal } from './journal.js';
import type { RunHost } from './run-host.js';

/** A run that is asked to go back. */
export interface Turning {
  readonly host: Pick<RunHost, 'pivots'>;
  readonly environment: Environment;
  readonly journal: Journal;
  readonly stopping: boolean;
  readonly over: boolean;
  readonly interrupted: AbortSignal;
  /** Its body is at work here. */
  readonly pass: object | undefined;
  goBack(error: unknown): Promise<void>;
  putDown(): Promise<void>;
}

const ASK_MS = 100;

/**
 * A cancel or a deadline. A child with a pivot is a pivot for its parent: one that is under way is waited for, and when it
 * has passed there is no way back. What a child does after it was asked, the undo of it meets.
 */
export async function turnBack(run: Turning, stop: Error, onward: () => void): Promise<void> {
  const { journal, environment } = run;
  while (journal.history.steps.some(({ intent, outcome }) => !outcome && isChild(intent.operation))) {
    const pivot = await run.host.pivots(journal.history);
    if (run.over || journal.closed) return undefined;
    if (pivot === 'passed') {
      journal.note({ pivot });
      await journal.flush();
    }
    if (journal.meta.pivot) return onward();
    if (pivot === undefined) break;
    await sleep(environment.clock, ASK_MS, run.interrupted, true);
    if (run.over || journal.closed) return undefined;
    // A body that is at work here puts the run down by itself.
    if (run.stopping) return run.pass ? undefined : run.putDown();
  }
  // A child may have ended meanwhile, with its pivot passed, or the body may have come to a pivot of its own.
  return journal.meta.pivot ? onward() : run.goBack(stop);
}
