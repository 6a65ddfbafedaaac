import type { Clock, Timer } from '@redress/core';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

/** How many turns of the real event loop without a new timer count as rest: promises and immediates need a few. */
const TURNS_AT_REST = 6;

/**
 * Time that moves when told to: three days pass in a millisecond. Timers fire in the order of their moments, and what
 * they set off comes to rest before the next one.
 */
export class VirtualClock implements Clock {
  private readonly alarms = new Set<Alarm>();
  private order = 0;
  private elapsed = 0;

  /** `startAt`: the wall clock's beginning, milliseconds since the epoch. Default: 2026-01-01. */
  constructor(private readonly startAt = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.startAt + this.elapsed;
  }

  monotonic(): number {
    return this.elapsed;
  }

  setTimer(ms: number, fn: () => void): Timer {
    const alarm = { at: this.elapsed + Math.max(ms, 0), order: this.order++, fn };
    this.alarms.add(alarm);
    return { cancel: () => void this.alarms.delete(alarm) };
  }

  nextTurn(fn: () => void): void {
    setImmediate(fn);
  }

  /** The monotonic moment at which the next timer fires; undefined when there is none. */
  get nextAt(): number | undefined {
    return this.next()?.at;
  }

  /** Lets time pass until the next timer, and what it sets off come to rest. False when there is no timer. */
  async ring(): Promise<boolean> {
    await atRest();
    const alarm = this.next();
    if (alarm) await this.fire(alarm);
    return alarm !== undefined;
  }

  /** Time passes and nothing happens in it, as in a process that is stopped: what was due meanwhile is late. */
  jump(ms: number): void {
    this.elapsed += ms;
  }

  /** Lets `ms` pass, with everything that is due in it. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await atRest();
    for (let alarm = this.next(); alarm && alarm.at <= end; alarm = this.next()) await this.fire(alarm);
    this.elapsed = Math.max(this.elapsed, end);
  }

  /**
   * Lets time pass until `promise` settles, and answers as it does.
   * @throws Error when `limitMs` of virtual time pass before; default: 30 days.
   */
  async until<T>(promise: Promise<T>, limitMs = 30 * 86_400_000): Promise<T> {
    const end = this.elapsed + limitMs;
    let settled = false;
    const done = (): void => void (settled = true);
    promise.then(done, done);
    for (;;) {
      await atRest();
      if (settled) return promise;
      const alarm = this.next();
      if (!alarm) throw new Error('Nothing is due any more, and the promise has not settled.');
      if (alarm.at > end) throw new Error(`The promise has not settled within ${limitMs} ms of virtual time.`);
      await this.fire(alarm);
    }
  }

  private next(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.alarms) {
      if (!first || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order)) first = alarm;
    }
    return first;
  }

  private async fire(alarm: Alarm): Promise<void> {
    this.alarms.delete(alarm);
    this.elapsed = Math.max(this.elapsed, alarm.at);
    alarm.fn();
    await atRest();
  }
}

/** Lets everything run that is not a timer. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < TURNS_AT_REST; turn++) await new Promise((resolve) => setImmediate(resolve));
}
