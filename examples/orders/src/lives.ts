import { startChild } from './child.js';
import type { Exit } from './child.js';
import type { CrashPoint } from './crash.js';
import type { Job, Report } from './messages.js';
import { UsageError } from './usage.js';

export interface Watcher {
  /** True: kill the process that told this, now. */
  onReport(report: Report): boolean;
  onKilled(): void;
}

const alive = new Set<() => void>();

/** Kills every worker process that is alive. */
export function killAll(): void {
  for (const kill of alive) kill();
}

/**
 * Runs worker processes one after the other, each on the whole job, until one is through with it. The first is told to
 * die at the first of `deaths`, the second at the second, the others nowhere.
 * @throws UsageError, or an Error with what the worker said, when one neither got through nor was killed.
 */
export async function runLives(job: Job, deaths: readonly CrashPoint[], watcher: Watcher): Promise<void> {
  for (let life = 0; ; life++) {
    const killAt = deaths[life];
    const exit = await live(killAt === undefined ? job : { ...job, killAt }, watcher);
    if (exit.finished) return;
    if (!exit.killed) throw failureOf(exit);
    watcher.onKilled();
  }
}

async function live(job: Job, watcher: Watcher): Promise<Exit> {
  const child = startChild(job, (report) => {
    if (watcher.onReport(report)) child.kill();
  });
  alive.add(child.kill);
  try {
    return await child.exit;
  } finally {
    alive.delete(child.kill);
  }
}

function failureOf({ failure }: Exit): Error {
  const message = failure?.message ?? 'the worker ended too early.';
  return failure?.usage ? new UsageError(message) : new Error(message);
}
