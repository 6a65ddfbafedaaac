import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '../base/clock.js';

/** Something that is over at a moment, unless it is taken out before. It is its own link in the list. */
export interface Expiring {
  readonly dueAt: number;
  expire(): void;
  /** For the list alone; `list` is undefined where it stands in none. */
  before: Expiring | undefined;
  after: Expiring | undefined;
  list: List | undefined;
}

/** For those who are no record of their own. */
export class Expiry implements Expiring {
  before: Expiring | undefined;
  after: Expiring | undefined;
  list: List | undefined;
  constructor(
    readonly dueAt: number,
    readonly expire: () => void,
  ) {}
}

/** Those of one duration, in the order of their ends. */
export class List {
  first: Expiring | undefined = undefined;
  last: Expiring | undefined = undefined;
}

// It belongs to no request: a timer that is made within one would keep its context alive.
const outside = new AsyncResource('REDRESS_DEADLINES');

/**
 * All time-outs on one clock, with one timer. Those of one duration are a list that is in order by itself, so putting in
 * and taking out cost the same however many there are.
 */
class Deadlines {
  private readonly lists = new Map<number, List>();
  // Mostly that of the last one.
  private lastMs = -1;
  private lastList: List | undefined;
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private count = 0;
  private isLettingGo = false;

  constructor(private readonly clock: Clock) {}

  /** `durationMs`: a configured one, of which there are few; 0: any other. */
  add(one: Expiring, durationMs: number): void {
    const list = durationMs === this.lastMs ? (this.lastList as List) : this.listOf(durationMs);
    one.list = list;
    const { last } = list;
    // In order already, but where durations are mixed.
    if (last && last.dueAt > one.dueAt) putBefore(list, last, one);
    else {
      one.before = last;
      list.last = one;
      if (last) last.after = one;
      else list.first = one;
    }
    this.count += 1;
    if (one.dueAt < this.timerAt) this.arm(one.dueAt);
    else if (this.count === 1) this.timer?.hold?.(true);
  }

  private listOf(durationMs: number): List {
    let list = this.lists.get(durationMs);
    if (!list) this.lists.set(durationMs, (list = new List()));
    this.lastMs = durationMs;
    this.lastList = list;
    return list;
  }

  remove(one: Expiring): void {
    const { list, before, after } = one;
    if (!list) return;
    one.list = undefined;
    one.before = undefined;
    one.after = undefined;
    if (before) before.after = after;
    else list.first = after;
    if (after) after.before = before;
    else list.last = before;
    this.count -= 1;
    if (this.count > 0 || !this.timer) return;
    // It may fire for nothing, but must not keep the process.
    if (this.timer.hold) return this.letGo();
    this.timer.cancel();
    this.timer = undefined;
    this.timerAt = Infinity;
  }

  /** Of calls that follow each other, each finds the timer as it is: only when nothing follows is it let go. */
  private letGo(): void {
    if (this.isLettingGo) return;
    this.isLettingGo = true;
    this.clock.nextTurn(() => {
      this.isLettingGo = false;
      if (this.count === 0) this.timer?.hold?.(false);
    });
  }

  private forget(durationMs: number): void {
    this.lists.delete(durationMs);
    if (this.lastMs === durationMs) this.lastMs = -1;
  }

  private arm(at: number): void {
    this.timer?.cancel();
    this.timerAt = at;
    const ms = Math.max(0, at - this.clock.monotonic());
    this.timer = outside.runInAsyncScope(() => this.clock.setTimer(ms, () => this.look()));
  }

  private look(): void {
    this.timer = undefined;
    this.timerAt = Infinity;
    // The computer's timers have whole milliseconds and fire up to one early.
    const now = this.clock.monotonic() + 1;
    const due: Expiring[] = [];
    for (const [key, list] of this.lists) {
      for (let one = list.first; one && one.dueAt < now; one = list.first) {
        due.push(one);
        this.remove(one);
      }
      if (!list.first) this.forget(key);
    }
    for (const one of due.sort((a, b) => a.dueAt - b.dueAt)) one.expire();
    let next = Infinity;
    for (const list of this.lists.values()) next = Math.min(next, list.first?.dueAt ?? Infinity);
    if (next < this.timerAt) this.arm(next);
  }
}

function putBefore(list: List, last: Expiring, one: Expiring): void {
  let after = last;
  while (after.before && after.before.dueAt > one.dueAt) after = after.before;
  one.after = after;
  one.before = after.before;
  if (after.before) after.before.after = one;
  else list.first = one;
  after.before = one;
}

const all = new WeakMap<Clock, Deadlines>();

// Mostly there is one clock.
let lastClock: Clock | undefined;
let last: Deadlines | undefined;

/** The one list of a clock. */
export function deadlinesOf(clock: Clock): Deadlines {
  if (clock === lastClock) return last as Deadlines;
  let found = all.get(clock);
  if (!found) all.set(clock, (found = new Deadlines(clock)));
  lastClock = clock;
  last = found;
  return found;
}
