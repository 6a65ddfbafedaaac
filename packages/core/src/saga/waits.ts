import type { Clock, Timer } from '../base/clock.js';
import type { Called } from './calls.js';
import type { Operation } from './definition.js';
import type { History, SignalHistory } from './history.js';
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

  /** Whether these and those under way are all of the `open` calls. A body that has ended waits for none of them. */
  areAll(open: number, fresh: readonly Called[]): boolean {
    return open === this.open.size + fresh.filter((called) => called.operation.wait && called.state === 'called').length;
  }

  /** A wait whose intent is durable, or becomes so with the next commit: it lasts from then on. */
  start(called: Called, journal: Journal, clock: Clock): void {
    this.open.set(called, { called, dueAt: dueAtOf(called, journal, clock) });
  }

  /** Whether one that begins now ends at once: its signal came before it, or its time is over. */
  endsAtOnce(called: Called, journal: Journal, clock: Clock): boolean {
    return signalFor(called, journal.history) !== undefined || dueAtOf(called, journal, clock) <= clock.monotonic();
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

function dueAtOf(called: Called, journal: Journal, clock: Clock): number {
  const since = called.foundAt === undefined ? clock.monotonic() : journal.monotonicOf(called.foundAt);
  const [first, timeout] = called.intent.args;
  const ms = called.operation.wait === 'sleep' ? first : timeout;
  return typeof ms === 'number' ? since + ms : Infinity;
}

function signalFor({ operation, intent }: Called, history: History): SignalHistory | undefined {
  if (operation.wait !== 'receive') return undefined;
  return history.signals.find(({ record, consumed }) => !consumed && record.name === intent.args[0]);
}

function answerOf({ called, dueAt }: Waiting, history: History, now: number): StepOutcome | undefined {
  const signal = signalFor(called, history);
  if (signal) {
    // Taken here and now: the outcome that says so is written later, and the next wait must not see it.
    signal.consumed = true;
    return { outcome: 'done', result: signal.record.value, alsoUnknown: false, signal: signal.key };
  }
  return dueAt <= now ? { outcome: 'done', result: undefined, alsoUnknown: false } : undefined;
}
