import { isCalled, sagasOf } from './places.js';
import type { Class } from '@redress/decorators';

/**
 * Where a process can die: `before:Payments.charge`, `after:undo Payments.charge`, `before:write started, step:1`; the
 * second time that one process comes by, with `#2`. Places are told by what happens there, so that the places of one
 * run are found again in another.
 */
export type CrashPoint = `before:${string}` | `after:${string}`;

/** A process comes by. */
export interface Place {
  readonly when: 'before' | 'after';
  /** `Payments.charge`, `undo Payments.charge`, `write step:1/outcome, step:2`. */
  readonly what: string;
  /** Of a write: which one of this process, from 1. */
  readonly write?: number;
  readonly saga?: string;
}

/** A point at which a process will die, once. */
export interface Crash {
  readonly point: string;
  readonly fired: boolean;
}

export class ArmedCrash implements Crash {
  fired = false;

  constructor(
    readonly point: CrashPoint,
    /** The class of the step or undo, or of the saga that calls it. */
    private readonly type?: Class,
    private readonly places: readonly string[] = [],
  ) {}

  takes(place: Place, label: string): boolean {
    const hit = !this.fired && (this.type ? this.isOf(place, this.type) : label === this.point || this.isWrite(place));
    this.fired ||= hit;
    return hit;
  }

  /** `before:write` and `before:write 3` are short for what the write holds. */
  private isWrite({ when, write }: Place): boolean {
    return write !== undefined && (this.point === `${when}:write` || this.point === `${when}:write ${write}`);
  }

  private isOf({ when, what, write, saga }: Place, type: Class): boolean {
    if (write !== undefined || !this.point.startsWith(`${when}:`)) return false;
    if (this.places.length > 0) return this.places.includes(what);
    return saga !== undefined && sagasOf(type).includes(saga) && isCalled(what, this.point.slice(when.length + 1));
  }
}

/** The places that one process has come by. */
export class Trail {
  readonly points: CrashPoint[] = [];
  private readonly counts = new Map<string, number>();
  private writes = 0;

  nextWrite(): number {
    return (this.writes += 1);
  }

  add(place: Place): CrashPoint {
    const name: CrashPoint = `${place.when}:${place.what}`;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    const label: CrashPoint = count === 1 ? name : `${name}#${count}`;
    this.points.push(label);
    return label;
  }
}

/** The process in which the call was made is gone; in a real one nobody would be left to hear of it. */
export class ProcessCrashedError extends Error {
  constructor(readonly point: string) {
    super(`The process died ${point === '' ? 'when it was told to' : `at ${point}`}. Another one goes on: t.restart(), then t.settle().`);
    this.name = 'ProcessCrashedError';
  }
}
