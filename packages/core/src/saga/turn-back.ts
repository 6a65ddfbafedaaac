import { sleep } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import { isChild } from './child-key.js';
import type { Journal } from './journal.js';
import type { RunHost } from './run-host.js';

/** A run that is asked to go back. */
export interface Turning {
  readonly host: Pick<RunHost, 'pivots' | 'places'>;
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
  const { journal } = run;
  // It takes no room meanwhile: the child may need it.
  const known = !waitsForChild(journal) || (await run.host.places.waiting(journal.stream, () => pivotsKnown(run)));
  if (run.over || journal.closed) return undefined;
  // A body that is at work here puts the run down by itself.
  if (!known) return run.pass ? undefined : run.putDown();
  return journal.meta.pivot ? onward() : run.goBack(stop);
}

function waitsForChild({ history }: Journal): boolean {
  return history.steps.some(({ intent, outcome }) => !outcome && isChild(intent.operation));
}

/** Waits while a child's pivot is under way; one that has passed is noted. False: the run is left before that is known. */
async function pivotsKnown(run: Turning): Promise<boolean> {
  const { journal, environment } = run;
  while (waitsForChild(journal)) {
    const pivot = await run.host.pivots(journal.history);
    if (run.over || journal.closed) return false;
    if (pivot === 'passed') {
      journal.note({ pivot });
      await journal.flush();
    }
    if (pivot === undefined || journal.meta.pivot) return true;
    await sleep(environment.clock, ASK_MS, run.interrupted, true);
    if (run.over || journal.closed || run.stopping) return false;
  }
  return true;
}
