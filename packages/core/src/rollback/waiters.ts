import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';

/** Those who wait until something has changed. */
export class Waiters {
  private waiting: (() => void)[] = [];

  /** Fulfilled at the next `tell`. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  tell(): void {
    if (this.waiting.length > 0) for (const waiter of this.waiting.splice(0)) waiter();
  }
}

/** Whether `work` is fulfilled within so many milliseconds. */
export async function within(clock: Clock, work: Promise<void>, ms: number): Promise<boolean> {
  const late = new AbortController();
  const isDone = await Promise.race([work.then(() => true), sleep(clock, Math.max(ms, 0), late.signal).then(() => false)]);
  late.abort();
  return isDone;
}
