import type { Head } from '@redress/core';
import { atRest } from '../virtual-clock.js';
import type { VirtualClock } from '../virtual-clock.js';
import { waitsForOthers } from './mirror.js';
import type { Mirror } from './mirror.js';

/** A week without a new journal entry, while somebody holds a run: it will never end. */
const STALL_MS = 7 * 86_400_000;
/** How many looks, a millisecond apart, a caller waits for a person or a signal. */
const LOOKS = 2_000;

/** What the driver needs to know of the processes. */
export interface Drivable {
  readonly clock: VirtualClock;
  readonly mirror: Mirror;
  /** Lets every living process look for due runs. */
  wake(): void;
  readonly isAlive: boolean;
  /** A run in words. */
  describe(head: Head): string;
  failure(message: string): Error;
}

/** Makes virtual time pass: from one timer or due run to the next, with rest in between. */
export class Driver {
  private stepping: Promise<boolean> | undefined;
  /** How many `settle` and `advance` are under way: they say how time passes, and those who only wait do not. */
  private commands = 0;

  constructor(private readonly host: Drivable) {}

  /** Time passes until `promise` settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    const stall = this.stall(Infinity);
    for (let looks = 0; ;) {
      await atRest();
      if (settled) return promise;
      if (this.commands > 0) continue;
      const runs = this.host.mirror.unfinished();
      if (runs.length > 0 && runs.every(waitsForOthers)) {
        if ((looks += 1) > LOOKS) throw this.unsettled('Nobody sends what these runs wait for', runs);
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      stall();
      if (!(await this.step())) throw this.unsettled('Nothing is due any more', runs);
    }
  }

  /** Time passes until no run is unfinished, or all that are wait for a person or a signal. */
  settle(limitMs: number): Promise<void> {
    return this.command(() => this.settled(limitMs));
  }

  advance(ms: number): Promise<void> {
    return this.command(() => this.advanced(ms));
  }

  private async command(work: () => Promise<void>): Promise<void> {
    this.commands += 1;
    try {
      await work();
    } finally {
      this.commands -= 1;
    }
  }

  private async settled(limitMs: number): Promise<void> {
    const stall = this.stall(limitMs);
    for (;;) {
      await atRest();
      const runs = this.host.mirror.unfinished();
      if (runs.every(waitsForOthers)) return;
      if (!this.host.isAlive) throw this.unsettled('No process is alive; t.restart() starts one', runs);
      stall();
      if (!(await this.step())) throw this.unsettled('Nothing is due any more', runs);
    }
  }

  private async advanced(ms: number): Promise<void> {
    const { clock } = this.host;
    const end = clock.monotonic() + ms;
    for (;;) {
      await atRest();
      const next = Math.min(clock.nextAt ?? Infinity, this.wakeAt() ?? Infinity);
      if (next > end) break;
      await this.step();
    }
    await clock.advance(Math.max(end - clock.monotonic(), 0));
  }

  /** One timer or one due run. Those who drive at the same time share the step. */
  private step(): Promise<boolean> {
    this.stepping ??= this.stepOnce().finally(() => (this.stepping = undefined));
    return this.stepping;
  }

  private async stepOnce(): Promise<boolean> {
    const { clock, mirror } = this.host;
    const wakeAt = this.wakeAt();
    if (wakeAt === undefined || wakeAt > (clock.nextAt ?? Infinity)) return clock.ring();
    await clock.advance(Math.max(wakeAt - clock.monotonic(), 0));
    mirror.wake(clock.now());
    this.host.wake();
    await atRest();
    return true;
  }

  /** The monotonic moment at which the next run is due. */
  private wakeAt(): number | undefined {
    const { clock, mirror } = this.host;
    const at = mirror.nextWake();
    return at === undefined ? undefined : clock.monotonic() + at - clock.now();
  }

  /** Answers a function that throws when it is called again and again and nothing happens in between. */
  private stall(limitMs: number): () => void {
    const { clock, mirror } = this.host;
    const start = clock.monotonic();
    let since = start;
    let seen = mirror.progress;
    return () => {
      const now = clock.monotonic();
      const runs = mirror.unfinished();
      const asleep = runs.some(({ owner, wakeAt }) => owner === null && wakeAt !== null && wakeAt > clock.now());
      if (mirror.progress !== seen || asleep) {
        since = now;
        seen = mirror.progress;
      }
      if (now - start > limitMs) throw this.unsettled(`Not settled within ${limitMs} ms of virtual time`, runs);
      if (now - since > STALL_MS) throw this.unsettled('No journal has grown for a week of virtual time', runs);
    };
  }

  private unsettled(why: string, runs: readonly Head[]): Error {
    const shown = runs.slice(0, 10).map((head) => `\n  ${this.host.describe(head)}`);
    return this.host.failure(`${why}.${shown.join('')}`);
  }
}
