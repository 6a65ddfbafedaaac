import type { Clock } from '../base/clock.js';

/** Time that moves only when everybody waits, and then to the next timer. */
export class VirtualClock implements Clock {
  at = 0;
  readonly timers: { readonly due: number; readonly fn: () => void }[] = [];
  now = (): number => this.at;
  monotonic = (): number => this.at;
  setTimer(ms: number, fn: () => void): { cancel(): void } {
    const timer = { due: this.at + ms, fn };
    this.timers.push(timer);
    return { cancel: () => void (this.timers.includes(timer) && this.timers.splice(this.timers.indexOf(timer), 1)) };
  }
  nextTurn = (fn: () => void): void => queueMicrotask(fn);
  sleep = (ms: number): Promise<void> => new Promise((resolve) => this.setTimer(ms, resolve));

  /** Runs until the promise has settled, or no timer is left. */
  async drive<T>(promise: Promise<T>, until = Infinity): Promise<PromiseSettledResult<T> | undefined> {
    let end: PromiseSettledResult<T> | undefined;
    const settled = promise.then(
      (value) => (end = { status: 'fulfilled', value }),
      (reason: unknown) => (end = { status: 'rejected', reason }),
    );
    for (;;) {
      for (let i = 0; i < 40; i++) await Promise.resolve();
      const next = this.timers.toSorted((a, b) => a.due - b.due)[0];
      if (end || !next || next.due > until) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.at = next.due;
      next.fn();
    }
    if (end) await settled;
    return end;
  }
}
