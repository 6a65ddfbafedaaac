import { startChild } from '@redress/example-shared';
import type { Child } from '@redress/example-shared';
import { STOP } from './messages.js';
import type { Job, Report } from './messages.js';

export interface Watcher {
  /** True: kill the process that told this, now. `doomed`: it is killed already, and this is what it said before. */
  onReport(worker: number, report: Report, doomed: boolean): boolean;
  onKilled(worker: number): void;
}

const WORKER = new URL('./worker.js', import.meta.url);

/** Worker processes side by side, each with a share of the work. One that is killed is started again on the same share. */
export class Crew {
  readonly #jobs: readonly Job[];
  readonly #watcher: Watcher;
  readonly #children = new Map<number, Child>();
  /** Workers that have given out their share, and did not die since. */
  readonly #placed = new Set<number>();
  #stopping = false;

  constructor(jobs: readonly Job[], watcher: Watcher) {
    this.#jobs = jobs;
    this.#watcher = watcher;
  }

  /** Nothing is left to begin. */
  get allPlaced(): boolean {
    return this.#placed.size === this.#jobs.length;
  }

  /** Starts them; resolves when each has ended its work. @throws UsageError, or an Error with what a worker said that failed. */
  async run(): Promise<void> {
    await Promise.all(this.#jobs.map((job, i) => this.#keepAlive(i + 1, job)));
  }

  /** Everything is done: they may go home. */
  stop(): void {
    this.#stopping = true;
    for (const child of this.#children.values()) child.tell(STOP);
  }

  async #keepAlive(worker: number, job: Job): Promise<void> {
    for (;;) {
      let doomed = false;
      const child = startChild<Report>(WORKER, job, (report) => {
        if (report.type === 'placed') this.#placed.add(worker);
        if (!this.#watcher.onReport(worker, report, doomed)) return;
        doomed = true;
        child.kill();
      });
      this.#children.set(worker, child);
      if (this.#stopping) child.tell(STOP);
      const { finished, failure } = await child.exit;
      if (finished) return;
      if (failure) throw failure;
      this.#placed.delete(worker);
      this.#watcher.onKilled(worker);
    }
  }
}
