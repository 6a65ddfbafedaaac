import type { Clock, Timer } from '../../base/clock.js';

const RETRY_MS = 1_000;

/** Says when it is time for a checkpoint: so many calls, or so long after the first change, and never two at once. */
export class Periodic {
  private calls = 0;
  private timer: Timer | undefined;
  private isSaving = false;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly everyCalls: number | undefined,
    private readonly everyMs: number | undefined,
    /** False when it has failed; it is tried again then. */
    private readonly save: () => Promise<boolean>,
  ) {}

  /** A call has ended. */
  ended(): void {
    if (this.isStopped) return;
    this.calls += 1;
    if (this.everyCalls !== undefined && this.calls >= this.everyCalls) this.begin();
    else if (this.everyMs !== undefined) this.timer ??= this.clock.setTimer(this.everyMs, () => this.rang(), { background: true });
  }

  private rang(): void {
    this.timer = undefined;
    this.begin();
  }

  private begin(): void {
    if (this.isSaving || this.isStopped) return;
    this.isSaving = true;
    this.calls = 0;
    this.timer?.cancel();
    this.timer = undefined;
    void this.save().then((isSaved) => {
      this.isSaving = false;
      // What has come meanwhile has its own time, from now on.
      const waitMs = isSaved ? (this.calls > 0 ? this.everyMs : undefined) : (this.everyMs ?? RETRY_MS);
      if (waitMs !== undefined && !this.isStopped) this.timer ??= this.clock.setTimer(waitMs, () => this.rang(), { background: true });
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }
}
