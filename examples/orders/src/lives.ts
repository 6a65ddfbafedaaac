import { startChild } from '@redress/example-shared';
import type { CrashPoint } from './crash.js';
import type { Job, Report } from './messages.js';

export interface Watcher {
  /** True: kill the process that told this, now. `doomed`: it is killed already, and this is what it said before. */
  onReport(report: Report, doomed: boolean): boolean;
  onKilled(): void;
}

const WORKER = new URL('./worker.js', import.meta.url);

/**
 * Runs worker processes one after the other, each on the whole job, until one is through with it. The first is told to
 * die at the first of `deaths`, the second at the second, the others nowhere.
 * @throws UsageError, or an Error with what the worker said, when one neither got through nor was killed.
 */
export async function runLives(job: Job, deaths: readonly CrashPoint[], watcher: Watcher): Promise<void> {
  for (let life = 0; ; life++) {
    const killAt = deaths[life];
    let doomed = false;
    const child = startChild<Report>(WORKER, killAt === undefined ? job : { ...job, killAt }, (report) => {
      if (!watcher.onReport(report, doomed)) return;
      doomed = true;
      child.kill();
    });
    const { finished, failure } = await child.exit;
    if (finished) return;
    if (failure) throw failure;
    watcher.onKilled();
  }
}
