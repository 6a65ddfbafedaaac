import type { Environment } from '../base/environment.js';
import type { RedressEvent } from '../base/events.js';
import { Meters } from './meters.js';
import type { Metric } from './meters.js';

/** Numbers of all guarded calls. */
export interface Metrics {
  /** All metrics as they are now. Numbers only grow, but for those that are up and down. */
  snapshot(): readonly Metric[];
  /** Counts no more. */
  stop(): void;
}

type Details = Readonly<Record<string, unknown>>;
type Rule = (meters: Meters, method: string, details: Details, event: RedressEvent) => void;

const SECOND = 1000;
const text = (value: unknown): string => String(value);
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

// What MicroProfile calls the ends of a retry; ours that it does not know keep their names.
const RETRY_RESULTS: Readonly<Record<string, string>> = {
  maxRetries: 'maxRetriesReached',
  maxDuration: 'maxDurationReached',
  notRetryable: 'exceptionNotRetryable',
};

/** What an event does to the meters. */
const RULES: Readonly<Record<string, Rule>> = {
  'call.ended': (meters, method, { result, fallback, retry, attempts }) => {
    meters.add('ft.invocations.total', { method, result: text(result), fallback: text(fallback) });
    if (retry === undefined) return;
    const retried = text(number(attempts) > 1);
    meters.add('ft.retry.calls.total', { method, retried, retryResult: RETRY_RESULTS[text(retry)] ?? text(retry) });
    meters.add('ft.retry.retries.total', { method }, number(attempts) - 1);
    if (retry === 'budget') meters.add('ft.retry.budget.rejected.total', { method });
  },
  'timeout.ended': (meters, method, { timedOut, scope, durationMs }) => {
    if (scope !== 'attempt') return;
    meters.add('ft.timeout.calls.total', { method, timedOut: text(timedOut) });
    meters.record('ft.timeout.executionDuration', { method }, number(durationMs) / SECOND);
  },
  'timeout.late': (meters, method) => meters.add('ft.timeout.late.total', { method }),
  'circuit.called': (meters, method, { result }) => {
    meters.add('ft.circuitbreaker.calls.total', { method, circuitBreakerResult: text(result) });
    meters.enter(method, undefined);
  },
  'circuit.opened': (meters, method, { from, key }) => {
    if (from === 'closed') meters.add('ft.circuitbreaker.opened.total', { method });
    if (key === undefined) meters.enter(method, 'open');
  },
  'circuit.halfOpen': (meters, method, { key }) => {
    if (key === undefined) meters.enter(method, 'halfOpen');
  },
  'circuit.closed': (meters, method, { key }) => {
    if (key === undefined) meters.enter(method, 'closed');
  },
  'bulkhead.entered': (meters, method) => {
    meters.add('ft.bulkhead.calls.total', { method, bulkheadResult: 'accepted' });
    meters.move('ft.bulkhead.executionsRunning', { method }, 1);
  },
  'bulkhead.left': (meters, method, { durationMs }) => {
    meters.move('ft.bulkhead.executionsRunning', { method }, -1);
    meters.record('ft.bulkhead.runningDuration', { method }, number(durationMs) / SECOND);
  },
  'bulkhead.queued': (meters, method) => meters.move('ft.bulkhead.executionsWaiting', { method }, 1),
  'bulkhead.dequeued': (meters, method, { durationMs, result }) => {
    meters.move('ft.bulkhead.executionsWaiting', { method }, -1);
    meters.record('ft.bulkhead.waitingDuration', { method }, number(durationMs) / SECOND);
    if (result !== 'entered') meters.add('ft.bulkhead.calls.total', { method, bulkheadResult: 'accepted' });
  },
  'bulkhead.rejected': (meters, method) => meters.add('ft.bulkhead.calls.total', { method, bulkheadResult: 'rejected' }),
  'rateLimit.permitted': (meters, method) => meters.add('ft.ratelimit.calls.total', { method, rateLimitResult: 'permitted' }),
  'rateLimit.rejected': (meters, method) => meters.add('ft.ratelimit.calls.total', { method, rateLimitResult: 'rejected' }),
  'hedge.ended': (meters, method, { copies, copy, answered }) =>
    meters.add('ft.hedge.calls.total', { method, hedged: text(number(copies) > 1), winner: answered === true ? text(copy) : 'none' }),
};

/**
 * Counts guarded calls by the names and attributes of MicroProfile Fault Tolerance 4, from the events of this environment:
 * from now on, until `stop`. Made for a reader that asks from time to time, such as an OpenTelemetry meter's callbacks.
 */
export function metrics({ events, clock }: Pick<Environment, 'events' | 'clock'>): Metrics {
  const meters = new Meters(clock);
  const offs = Object.entries(RULES).map(([name, rule]) =>
    events.on(name, (event) => {
      const details = event.details ?? {};
      const method = details['operation'];
      if (typeof method === 'string' && method !== '') rule(meters, method, details, event);
    }),
  );
  return {
    snapshot: () => meters.snapshot(),
    stop: () => {
      for (const off of offs.splice(0)) off();
    },
  };
}
