import type { Timer } from '../base/clock.js';
import type { Head } from '../base/store.js';
import type { Desk } from './pen.js';
import { isAtRest } from './run-end.js';

/** What the worker needs of the runtime. */
export interface WorkerHost {
  readonly desk: Desk;
  readonly pollMs: number;
  /** How many more recovered runs this process takes now. */
  readonly room: number;
  /** Names of the sagas that can be driven here. */
  resolvable(): readonly string[];
  /** Drives a claimed run; `claimedAt`: when the claim was sent, monotonic. Fulfilled when it is under way. */
  drive(head: Head, claimedAt: number): Promise<void>;
}

const BATCH = 32;
/** After a batch of runs that have ended, which take no room and only have to be forgotten. */
const BURIALS = 512;

/** Asks the store what is due, and drives it. One question at a time; the next follows at once while there is more. */
export class Worker {
  private timer: Timer | undefined;
  private asking: Promise<void> | undefined;
  private burying = false;
  private stopped = false;
  private started = false;
  /** Monotonic moments: of the next look, and of what was expected while one is under way. */
  private nextAt = Infinity;
  private soon = Infinity;

  constructor(private readonly host: WorkerHost) {}

  /** Looks now, and from then on. */
  start(): void {
    this.started = true;
    if (this.stopped || this.asking) return;
    this.timer?.cancel();
    this.soon = Infinity;
    this.asking = this.ask().then((more) => {
      this.asking = undefined;
      if (this.stopped) return;
      const { pollMs, desk } = this.host;
      const pause = more ? 0 : pollMs * (0.75 + desk.environment.random.next() / 2);
      this.wait(Math.min(pause, Math.max(this.soon - desk.environment.clock.monotonic(), 0)));
    });
  }

  private wait(ms: number): void {
    const { clock } = this.host.desk.environment;
    this.timer?.cancel();
    this.nextAt = clock.monotonic() + ms;
    this.timer = clock.setTimer(Math.ceil(ms), () => this.start(), { background: true });
  }

  /** Something is due in this long: look then, and not only at the next turn of the watch. */
  expect(inMs: number): void {
    if (this.stopped || !this.started) return;
    const { clock } = this.host.desk.environment;
    const at = clock.monotonic() + inMs;
    if (this.asking) {
      this.soon = Math.min(this.soon, at);
      return;
    }
    if (at >= this.nextAt) return;
    this.wait(inMs);
  }

  /** No claims after this; resolves when the last one has been taken in. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.asking;
  }

  private async ask(): Promise<boolean> {
    const { desk, room } = this.host;
    const names = this.host.resolvable();
    const limit = Math.min(room, this.burying ? BURIALS : BATCH);
    if (limit <= 0 || names.length === 0) return false;
    const claimedAt = desk.environment.clock.monotonic();
    try {
      const heads = await desk.store.claim({ owner: desk.owner, kinds: ['saga'], names, leaseMs: desk.leaseMs, limit });
      // Those due longest come first, and live runs must not wait long behind many that have ended.
      this.burying = heads.length > 0 && heads.every(({ status }) => isAtRest(status));
      const driven = await Promise.allSettled(heads.map((head) => this.host.drive(head, claimedAt)));
      for (const one of driven) if (one.status === 'rejected') this.tell(one.reason);
      return heads.length === limit;
    } catch (error) {
      this.tell(error);
      return false;
    }
  }

  private tell(error: unknown): void {
    const { clock, events } = this.host.desk.environment;
    events.publish({ name: 'worker.failed', at: clock.now(), error });
  }
}
