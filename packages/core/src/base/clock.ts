import { AsyncResource } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

export interface Timer {
  cancel(): void;
  /** Whether it keeps the process alive from now on. A clock without it cannot tell, and its timers are cancelled instead. */
  hold?(alive: boolean): void;
}

/** Time as the engine sees it. A test hands in its own. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. Shown and recorded; never decided upon. */
  now(): number;
  /** Milliseconds since some moment; never goes back. */
  monotonic(): number;
  /** Calls `fn` once after `ms`. `background`: does not keep the process alive. Default: false. */
  setTimer(ms: number, fn: () => void, options?: { readonly background?: boolean }): Timer;
  /** Calls `fn` after the promises that are ready now, and those that they make ready, have run. */
  nextTurn(fn: () => void): void;
}

/** The computer's clocks and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, fn, options) {
    // A longer delay would fire at once: the timer's field has 31 bits.
    const timer = setTimeout(fn, Math.min(ms, 2_147_483_647));
    if (options?.background) timer.unref();
    return { cancel: () => clearTimeout(timer), hold: (alive) => void (alive ? timer.ref() : timer.unref()) };
  },
  nextTurn(fn) {
    if (turn.length === 0) setImmediate(() => outside.runInAsyncScope(takeTurn));
    turn.push(fn);
  },
};

// The turns of all runs belong to none of them.
const outside = new AsyncResource('REDRESS_TURN');

// Everything of one turn shares one immediate: a thousand runs at rest do not cost a thousand of them.
let turn: (() => void)[] = [];

function takeTurn(): void {
  const now = turn;
  turn = [];
  let i = 0;
  try {
    for (; i < now.length; i++) (now[i] as () => void)();
  } finally {
    // One that throws ends the process or is handled by it; the others keep their turn.
    for (const fn of now.slice(i + 1)) systemClock.nextTurn(fn);
  }
}

/** Resolves after `ms`, or at once when `signal` is or gets aborted; never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal, background = false): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(ms, done, { background });
    signal?.addEventListener('abort', done, { once: true });
  });
}
