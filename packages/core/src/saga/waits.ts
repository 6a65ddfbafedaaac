import type { Clock, Timer } from '../base/clock.js';
import type { Called } from './calls.js';
import type { Operation } from './definition.js';
import type { History } from './history.js';
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

  /** `since`: the monotonic moment at which it became durable. */
  add(called: Called, since: number): void {
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

  /** The first one, in start order, that has its answer now; it is not open any more. */
  take(history: History, now: number): { readonly called: Called; readonly outcome: StepOutcome } | undefined {
    for (const waiting of this.open.values()) {
      const outcome = answerOf(waiting, history, now);
      if (!outcome) continue;
      this.open.delete(waiting.called);
      return { called: waiting.called, outcome };
    }
    return undefined;
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
