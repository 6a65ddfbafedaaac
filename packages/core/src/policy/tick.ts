import { AsyncResource } from 'node:async_hooks';
import { systemClock } from '../base/clock.js';
import type { Clock } from '../base/clock.js';

const TICK_MS = 20;
/** So often at least the clock itself is asked: timers do not fire while promises keep the process busy, or in a test that holds them. */
const USES = 64;

/** Some milliseconds, for those who began within them: to ask the clock would cost them more than all their policies. */
export class Tick {
  /** When the next one began. */
  endedAt = Infinity;
  constructor(readonly at: number) {}
}

// It belongs to no request.
const outside = new AsyncResource('REDRESS_TICK');

let tick: Tick | undefined;
let uses = 0;
let isTicking = false;

/** The beginning of a call that counts in seconds: to within a tick on the computer's clock, exact on any other. */
export function beginning(clock: Clock): number | Tick {
  if (clock !== systemClock) return clock.monotonic();
  if (tick === undefined || ++uses >= USES) return look();
  return tick;
}

/** The moment of a beginning, seen from `now`: the latest that it can have been, so that nobody has less time than was promised. */
export const momentOf = (began: number | Tick, now: number): number => (typeof began === 'number' ? began : Math.min(began.endedAt, now));

function look(): Tick {
  uses = 0;
  const now = systemClock.monotonic();
  if (tick === undefined || now >= tick.at + TICK_MS) next(now);
  if (!isTicking) outside.runInAsyncScope(() => systemClock.setTimer(TICK_MS, ticked, { background: true }));
  isTicking = true;
  return tick as Tick;
}

function next(now: number): void {
  if (tick) tick.endedAt = now;
  tick = new Tick(now);
}

/** Without anybody who asks it stands still, and is forgotten. */
function ticked(): void {
  isTicking = false;
  if (uses > 0) return void look();
  if (tick) tick.endedAt = systemClock.monotonic();
  tick = undefined;
}
