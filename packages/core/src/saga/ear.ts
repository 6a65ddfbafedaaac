import type { Clock, Timer } from '../base/clock.js';
import type { Store, Watch } from '../base/store.js';

const FIRST_POLL_MS = 20;
const LAST_POLL_MS = 500;
/** While news come in; or `poll` when that is longer. */
const LIVE_POLL_MS = 5_000;

/** Keeps the process alive while somebody waits: all else that the engine does in the background lets it end. */
class KeepAlive {
  private waiting = 0;
  private timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  hold(): void {
    this.waiting += 1;
    this.timer ??= this.arm();
  }

  release(): void {
    this.waiting -= 1;
    if (this.waiting > 0) return;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private arm(): Timer {
    return this.clock.setTimer(86_400_000, () => (this.timer = this.waiting > 0 ? this.arm() : undefined));
  }
}

/** All callers who wait in one runtime. */
export class Ears {
  private readonly open = new Set<Ear>();
  private readonly alive: KeepAlive;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly pollMs: number,
  ) {
    this.alive = new KeepAlive(clock);
  }

  /** To be closed; keeps the process alive until then. */
  to(stream: string): Ear {
    const ear = new Ear(this.store, this.clock, stream, Math.max(LIVE_POLL_MS, this.pollMs), () => {
      this.open.delete(ear);
      this.alive.release();
    });
    this.open.add(ear);
    this.alive.hold();
    return ear;
  }

  /** Everybody looks now. */
  rouse(): void {
    for (const ear of this.open) ear.hear();
  }
}

/** Waits for a stream that somebody else owns: for news of it where the store tells them, and never for longer than a while. */
export class Ear {
  private watch: Watch | undefined;
  private opened = false;
  private heard = false;
  private wake: (() => void) | undefined;
  private pollMs = FIRST_POLL_MS;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly stream: string,
    private readonly livePollMs: number,
    private readonly onClosed: () => void,
  ) {}

  /** What is heard from now on ends the next pause. To be called before each look. */
  attend(): void {
    this.heard = false;
  }

  /** Until there are news, or it is time to look all the same, or `signal` is aborted. Listening begins with the first one. */
  async pause(signal: AbortSignal | undefined): Promise<void> {
    this.listen();
    if (this.heard || signal?.aborted) return;
    const ms = this.watch?.live ? this.livePollMs : this.pollMs;
    if (!this.watch?.live) this.pollMs = Math.min(this.pollMs * 2, LAST_POLL_MS);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = this.clock.setTimer(ms, done);
      signal?.addEventListener('abort', done, { once: true });
      this.wake = done;
    });
  }

  hear(): void {
    this.heard = true;
    this.wake?.();
  }

  close(): void {
    this.watch?.stop();
    this.onClosed();
  }

  private listen(): void {
    if (this.opened) return;
    this.opened = true;
    try {
      this.watch = this.store.watch?.({ id: this.stream }, () => this.hear());
    } catch {
      // A closed store: the next look says so.
    }
  }
}
