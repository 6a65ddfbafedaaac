import type { Clock, Timer } from '@redress/core';

/** One process's view of a clock: its timers wait while it is paused, and are forgotten when it dies. */
export class ProcessClock implements Clock {
  private readonly timers = new Set<Timer>();
  private held: (() => void)[] | undefined;
  private dead = false;

  constructor(private readonly clock: Clock) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimer(ms: number, fn: () => void): Timer {
    let wanted = true;
    if (this.dead) return { cancel() {} };
    const timer = this.clock.setTimer(ms, () => {
      this.timers.delete(timer);
      this.run(() => wanted && fn());
    });
    this.timers.add(timer);
    const cancel = (): void => {
      wanted = false;
      this.timers.delete(timer);
      timer.cancel();
    };
    return { cancel };
  }

  nextTurn(fn: () => void): void {
    this.clock.nextTurn(() => this.run(fn));
  }

  pause(): void {
    this.held ??= [];
  }

  resume(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const fn of held) this.run(fn);
  }

  die(): void {
    this.dead = true;
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private run(fn: () => unknown): void {
    if (this.dead) return;
    if (this.held) this.held.push(fn);
    else fn();
  }
}
