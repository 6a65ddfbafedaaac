import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '../base/clock.js';

/** Something that is over at a moment, unless it is taken out before. */
export interface Expiring {
  readonly dueAt: number;
  expire(): void;
}

export interface Expiry {
  cancel(): void;
}

interface List {
  first: Node | undefined;
  last: Node | undefined;
}

class Node implements Expiry {
  before: Node | undefined;
  after: Node | undefined;
  isIn = true;
  constructor(
    private readonly deadlines: Deadlines,
    readonly list: List,
    readonly of: Expiring,
  ) {}
  cancel(): void {
    this.deadlines.remove(this);
  }
}

// It belongs to no request: a timer that is made within one would keep its context alive.
const outside = new AsyncResource('REDRESS_DEADLINES');

/**
 * All time-outs on one clock, with one timer. Those of one duration are a list that is in order by itself, so putting in
 * and taking out cost the same however many there are.
 */
class Deadlines {
  private readonly lists = new Map<number, List>();
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private count = 0;
  private isLettingGo = false;

  constructor(private readonly clock: Clock) {}

  /** `durationMs`: a configured one, of which there are few; 0: any other. */
  add(of: Expiring, durationMs: number): Expiry {
    let list = this.lists.get(durationMs);
    if (!list) this.lists.set(durationMs, (list = { first: undefined, last: undefined }));
    const node = new Node(this, list, of);
    node.before = list.last;
    // In order already, but where durations are mixed.
    while (node.before && node.before.of.dueAt > of.dueAt) {
      node.after = node.before;
      node.before = node.before.before;
    }
    if (node.before) node.before.after = node;
    else list.first = node;
    if (node.after) node.after.before = node;
    else list.last = node;
    this.count += 1;
    if (of.dueAt < this.timerAt) this.arm(of.dueAt);
    else if (this.count === 1) this.timer?.hold?.(true);
    return node;
  }

  remove(node: Node): void {
    if (!node.isIn) return;
    node.isIn = false;
    const { list, before, after } = node;
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
    const due: Node[] = [];
    for (const [key, list] of this.lists) {
      while (list.first && list.first.of.dueAt < now) {
        due.push(list.first);
        this.remove(list.first);
      }
      if (!list.first) this.lists.delete(key);
    }
    for (const { of } of due.sort((a, b) => a.of.dueAt - b.of.dueAt)) of.expire();
    let next = Infinity;
    for (const list of this.lists.values()) next = Math.min(next, list.first?.of.dueAt ?? Infinity);
    if (next < this.timerAt) this.arm(next);
  }
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
