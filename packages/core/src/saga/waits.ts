import type { Clock, Timer } from '../base/clock.js';
import type { Called } from './calls.js';
import type { Operation } from './definition.js';
import type { History } from './history.js';
import type { Journal } from './journal.js';
import type { Outcomes } from './outcomes.js';
import type { StepOutcome } from './step-call.js';

interface Waiting {
  readonly called: Called;
  /** Monotonic moment at which it ends by itself; Infinity: never. */
  readonly dueAt: number;
}

/** A durable wait is called like a step that changes nothing. */
function waitOperation(name: string, wait: 'sleep' | 'receive'): Operation {
  return { name, wait, readOnly: true, refusedOn: [], repeatable: true, hash: wait };
}

export const SLEEP = waitOperation('@sleep', 'sleep');

const receives = new Map<string, Operation>();

/** Each name of a signal is counted by itself, as each step is. */
export function receiveOperation(name: string): Operation {
  let operation = receives.get(name);
  if (!operation) receives.set(name, (operation = waitOperation(`@receive ${name}`, 'receive')));
  return operation;
}

/** The open durable waits of one pass: when all that a body waits for is here, its run can be parked. */
export class Waits {
  private readonly open = new Map<Called, Waiting>();
  private alarm: Timer | undefined;

  get size(): number {
    return this.open.size;
  }

  /** A wait whose intent is durable, or becomes so with the next commit: it lasts from then on. */
  start(called: Called, journal: Journal, clock: Clock): void {
    const since = called.foundAt === undefined ? clock.monotonic() : journal.monotonicOf(called.foundAt);
    const [first, timeout] = called.intent.args;
    const ms = called.operation.wait === 'sleep' ? first : timeout;
    this.open.set(called, { called, dueAt: typeof ms === 'number' ? since + ms : Infinity });
  }

  /** While steps run, a wait may end by itself: `fn` is called then. */
  setAlarm(clock: Clock, fn: () => void): void {
    this.cancelAlarm();
    const ms = this.open.size === 0 ? undefined : this.nextMs(clock.monotonic());
    if (ms !== undefined) this.alarm = clock.setTimer(Math.ceil(ms), fn, { background: true });
  }

  cancelAlarm(): void {
    this.alarm?.cancel();
  }

  /** Milliseconds until the next one ends by itself; undefined: none does. */
  nextMs(now: number): number | undefined {
    const next = Math.min(...[...this.open.values()].map(({ dueAt }) => dueAt));
    return next === Infinity ? undefined : Math.max(next - now, 0);
  }

  /** Settles those that have their answer now, in start order. */
  answer(outcomes: Outcomes, history: History, clock: Clock): void {
    if (this.open.size === 0) return;
    const now = clock.monotonic();
    for (const waiting of [...this.open.values()]) {
      const outcome = answerOf(waiting, history, now);
      if (!outcome) continue;
      this.open.delete(waiting.called);
      outcomes.add(waiting.called, outcome);
    }
  }
}

function answerOf({ called, dueAt }: Waiting, history: History, now: number): StepOutcome | undefined {
  if (called.operation.wait === 'receive') {
    const signal = history.signals.find(({ record, consumed }) => !consumed && record.name === called.intent.args[0]);
    if (signal) {
      // Taken here and now: the outcome that says so is written later, and the next wait must not see it.
      signal.consumed = true;
      return { outcome: 'done', result: signal.record.value, alsoUnknown: false, signal: signal.key };
    }
  }
  return dueAt <= now ? { outcome: 'done', result: undefined, alsoUnknown: false } : undefined;
}
