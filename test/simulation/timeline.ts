import type { Clock, Timer } from '@redress/core';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly fn: () => void;
}

export const EPOCH = Date.UTC(2026, 0, 1);

/** One virtual time for everything. An alarm rings only when all promises of the one before have come to rest. */
export class Timeline {
  now = 0;
  private order = 0;
  private heap: Alarm[] = [];
  private turns: (() => void)[] = [];

  /** `together`: all that is due in one turn runs before any promise does, as under the computer's clock. */
  constructor(private readonly together = false) {}

  /** Calls `fn` when `ms` have passed. */
  after(ms: number, fn: () => void): void {
    const alarm = { at: this.now + Math.max(ms, 0), order: this.order++, fn };
    const { heap } = this;
    let i = heap.length;
    heap.push(alarm);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(alarm, heap[parent] as Alarm)) break;
      heap[i] = heap[parent] as Alarm;
      i = parent;
    }
    heap[i] = alarm;
  }

  /** Calls `fn` when the promises that are ready now have run. */
  turn(fn: () => void): void {
    this.turns.push(fn);
  }

  /** Lets time pass until `done` says so at rest (true), or `limitMs` are over or nothing is due any more (false). */
  run(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.now + limitMs;
    return new Promise((resolve, reject) => {
      const again = (): void => {
        try {
          const over = this.step(done, end);
          if (over === undefined) queueMicrotask(atRest);
          else resolve(over);
        } catch (error) {
          reject(error as Error);
        }
      };
      // A tick comes when no promise is ready any more: as good as a turn of the event loop, and much faster.
      const atRest = (): void => process.nextTick(again);
      again();
    });
  }

  private step(done: () => boolean, end: number): boolean | undefined {
    if (this.turns.length > 0) {
      for (const turn of this.turns.splice(0, this.together ? this.turns.length : 1)) turn();
      return undefined;
    }
    if (done()) return true;
    const first = this.heap[0];
    if (!first || first.at > end) return false;
    this.pop();
    this.now = first.at;
    first.fn();
    return undefined;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Alarm;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Alarm, heap[child] as Alarm)) child += 1;
      if (!before(heap[child] as Alarm, last)) break;
      heap[i] = heap[child] as Alarm;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

type Held = { readonly timer: boolean; readonly fn: () => void };

/** The life of one process: its clock, and all that comes to it. It can be held up, and ended, between any two of its turns. */
export class Life implements Clock {
  state: 'up' | 'paused' | 'dead' = 'up';
  /** How far its wall clock is off. */
  skewMs = 0;
  private held: Held[] = [];
  private readonly bornAt: number;

  constructor(
    readonly name: string,
    private readonly timeline: Timeline,
  ) {
    this.bornAt = timeline.now;
  }

  now(): number {
    return EPOCH + this.timeline.now + this.skewMs;
  }

  monotonic(): number {
    return this.timeline.now - this.bornAt;
  }

  setTimer(ms: number, fn: () => void): Timer {
    let cancelled = false;
    this.timeline.after(ms, () => {
      if (!cancelled) this.deliver(() => cancelled || fn(), true);
    });
    return { cancel: () => void (cancelled = true) };
  }

  nextTurn(fn: () => void): void {
    this.timeline.turn(() => this.deliver(fn));
  }

  /** Something comes to this process: now, when it goes on, or never. */
  deliver(fn: () => void, timer = false): void {
    if (this.state === 'up') fn();
    else if (this.state === 'paused') this.held.push({ timer, fn });
  }

  /** As SIGSTOP does. */
  pause(): void {
    if (this.state === 'up') this.state = 'paused';
  }

  /** As SIGCONT does: timers that are due and answers that came meanwhile are met one after the other. */
  resume(timersFirst: boolean): void {
    if (this.state !== 'paused') return;
    this.state = 'up';
    const held = this.held;
    this.held = [];
    const first = held.filter(({ timer }) => timer === timersFirst);
    const then = held.filter(({ timer }) => timer !== timersFirst);
    for (const one of [...first, ...then]) this.timeline.turn(() => this.deliver(one.fn, one.timer));
  }

  /** As SIGKILL does. */
  kill(): void {
    this.state = 'dead';
    this.held = [];
  }
}
