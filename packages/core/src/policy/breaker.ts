import type { Timer } from '../base/clock.js';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import { PolicyError, RefusedError } from '../base/errors.js';
import { matches } from '../base/failure.js';
import type { Matcher } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { abortReason, isAborted, rootOf } from './call.js';
import { Circuit } from './circuit.js';
import type { Admission, CircuitRules, CircuitState, Permit, Verdict } from './circuit.js';
import { CircuitOpenError, TimeoutError } from './errors.js';
import { limitMs } from './limited.js';
import type { TimeoutPolicy } from './limited.js';
import { SharedCircuits } from './shared-circuits.js';
import type { SharedBreaker } from './shared-circuits.js';

/** When calls are not made any more for a while. */
export interface CircuitBreakerOptions {
  /** Calls that are looked at; with `time` the fewest that say anything, with `consecutive` the failures. Default: 20. */
  readonly requestVolumeThreshold?: number;
  /** Failures among them that open the circuit. Default: 0.5. */
  readonly failureRatio?: number;
  /** How long it stays open. Default: 5 s. */
  readonly delay?: Duration;
  /** Calls that are let through half-open, and must succeed. Default: 1. */
  readonly successThreshold?: number;
  /** The last calls, the calls of the last `samplingDuration`, or failures in a row. Default: `count`. */
  readonly window?: 'count' | 'time' | 'consecutive';
  /** For `window: 'time'`. Default: 30 s. */
  readonly samplingDuration?: Duration;
  /** What is a failure. Default: everything but `RefusedError`, with which what is called has answered. */
  readonly failOn?: readonly Matcher[];
  /** What is as good as a success. */
  readonly skipOn?: readonly Matcher[];
  /** What says nothing; besides aborts by the caller, and rejections by a bulkhead or rate limit. */
  readonly ignoreOn?: readonly Matcher[];
  /** A circuit for each answer, such as each host. */
  readonly key?: (...args: never[]) => string;
  /** Circuits that are kept; those used longest ago go first, open ones last. Default: 1000. */
  readonly maxKeys?: number;
  /** How long a call may take that was let through half-open; then it counts as lost. Default: `delay`, or the time-out if longer. */
  readonly halfOpenMaxDuration?: Duration;
  /** Other nodes whose circuits of this name open and close with this one. Default: none. */
  readonly shared?: SharedBreaker;
}

const IGNORED = ['AbortError', 'BulkheadRejectedError', 'RateLimitedError'];
const EVENTS = { open: 'circuit.opened', halfOpen: 'circuit.halfOpen', closed: 'circuit.closed' } as const;

/** The circuits of one policy. */
export class CircuitBreaker implements Admission {
  private readonly rules: CircuitRules;
  private readonly one: Circuit;
  private readonly many = new Map<string, Circuit>();
  private readonly keyOf: ((...args: readonly unknown[]) => string) | undefined;
  private readonly maxKeys: number;
  private isolated = 0;
  private readonly listeners = new Set<(state: CircuitState, key: string | undefined) => void>();
  private readonly timers = new Map<Circuit, Timer>();
  private readonly shared: SharedCircuits | undefined;

  constructor(options: CircuitBreakerOptions, subject: string, environment: Environment | undefined) {
    const ms = (value: Duration, name: string): number => durationMs(value, `${subject}, ${name}`);
    const ignoreOn = [...IGNORED, ...(options.ignoreOn ?? [])];
    const rules: CircuitRules = {
      window: options.window ?? 'count',
      volume: options.requestVolumeThreshold ?? 20,
      ratio: options.failureRatio ?? 0.5,
      samplingMs: Math.max(1, ms(options.samplingDuration ?? 30_000, 'samplingDuration')),
      delayMs: ms(options.delay ?? 5000, 'delay'),
      successThreshold: options.successThreshold ?? 1,
      halfOpenMs: options.halfOpenMaxDuration === undefined ? undefined : ms(options.halfOpenMaxDuration, 'halfOpenMaxDuration'),
      operation: '',
      environment: environment ?? (standard ??= createEnvironment()),
      judge: (error, call) => verdict(error, call, options, ignoreOn),
      changed: (circuit, from, to, error) => {
        this.shared?.changed(circuit, from, to);
        this.changed(circuit, from, to, error);
      },
    };
    this.shared = options.shared && new SharedCircuits(options.shared, `${subject}, shared`, rules);
    this.rules = this.shared ? Object.assign(rules, { outside: this.shared }) : rules;
    this.keyOf = options.key as CircuitBreaker['keyOf'];
    this.maxKeys = options.maxKeys ?? 1000;
    this.one = new Circuit(this.rules, undefined);
  }

  /** That the call may pass, or the error that says why not. */
  admit(call: Call, environment: Environment, timeout: TimeoutPolicy | undefined): Permit | CircuitOpenError {
    if (this.rules.environment !== environment) this.rules.environment = environment;
    if (this.rules.operation === '') this.rules.operation = call.operation;
    if (this.isolated > 0) return new CircuitOpenError(call.operation, 'isolated', 0).rejecting(rootOf(call));
    const circuit = this.keyOf ? this.circuit(String(this.keyOf(...call.args))) : this.one;
    this.shared?.used(circuit);
    return circuit.admit(timeout ? limitMs(timeout, call.attempt) : 0) ?? circuit.rejection(call);
  }

  state(key?: string): CircuitState {
    return (key === undefined ? this.one : this.many.get(key))?.state ?? 'closed';
  }

  reset(key?: string): void {
    const meant = key === undefined ? [this.one, ...this.many.values()] : [this.many.get(key)];
    for (const circuit of meant) circuit?.reset();
  }

  private circuit(key: string): Circuit {
    const known = this.many.get(key);
    // Those used longest ago stand first.
    if (known) this.many.delete(key);
    else if (this.many.size >= this.maxKeys) this.evict();
    const circuit = known ?? new Circuit(this.rules, key);
    this.many.set(key, circuit);
    return circuit;
  }

  private evict(): void {
    let [victim] = this.many.keys();
    for (const [key, circuit] of this.many) {
      if (circuit.state !== 'closed') continue;
      victim = key;
      break;
    }
    this.shared?.forget(this.many.get(victim as string) as Circuit);
    this.many.delete(victim as string);
  }

  /** Leaves the other nodes; from now on it decides alone. */
  async stop(): Promise<void> {
    await this.shared?.stop();
  }

  isolate(): { dispose(): void } {
    let isOn = true;
    this.isolated += 1;
    return {
      dispose: () => {
        if (isOn) this.isolated -= 1;
        isOn = false;
      },
    };
  }

  onState(listener: (state: CircuitState, key: string | undefined) => void): () => void {
    const own = (state: CircuitState, key: string | undefined): void => listener(state, key);
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
      if (this.listeners.size > 0) return;
      for (const timer of this.timers.values()) timer.cancel();
      this.timers.clear();
    };
  }

  private changed(circuit: Circuit, from: CircuitState, to: CircuitState, error: unknown): void {
    const { events, clock } = this.rules.environment;
    if (events.listening) {
      const details = { operation: this.rules.operation, key: circuit.key, from };
      events.publish({ name: EVENTS[to], at: clock.now(), ...(error !== undefined && { error }), details });
    }
    this.timers.get(circuit)?.cancel();
    this.timers.delete(circuit);
    if (to === 'open' && this.listeners.size > 0) {
      // Asked at its moment, it changes by itself.
      const timer = clock.setTimer(this.rules.delayMs, () => void circuit.state, { background: true });
      this.timers.set(circuit, timer);
    }
    for (const listener of this.listeners) {
      try {
        listener(to, circuit.key);
      } catch (thrown) {
        process.emitWarning(`A listener of a circuit breaker threw: ${String(thrown)}`, { code: 'REDRESS_LISTENER' });
      }
    }
  }
}

let standard: Environment | undefined;

function verdict(error: unknown, call: Call, { failOn, skipOn }: CircuitBreakerOptions, ignoreOn: readonly Matcher[]): Verdict {
  // A deadline is a slow answer; every other abort is the caller's wish.
  if (isAborted(call) && !(abortReason(call) instanceof TimeoutError)) return 'neutral';
  if (error instanceof PolicyError && error.isRejectionOf(rootOf(call))) return 'neutral';
  if (matches(error, ignoreOn)) return 'neutral';
  if (skipOn && matches(error, skipOn)) return 'success';
  const isFailure = failOn ? matches(error, failOn) : !(error instanceof RefusedError);
  return isFailure ? 'failure' : 'success';
}
