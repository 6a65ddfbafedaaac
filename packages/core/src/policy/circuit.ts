import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { rootOf } from './call.js';
import { CircuitOpenError } from './errors.js';
import type { TimeoutPolicy } from './limited.js';
import { createWindow } from './windows.js';
import type { Window, WindowRules } from './windows.js';

export type CircuitState = 'closed' | 'open' | 'halfOpen';

/** What a result says of what is called: nothing, when it never came there or was not waited for. */
export type Verdict = 'failure' | 'success' | 'neutral';

/** That a call may pass, and where its result counts: in the epoch in which it began, and in no other. */
export interface Permit {
  succeeded(): void;
  failed(error: unknown, call: Call): Verdict;
}

/** What lets calls through. */
export interface Admission {
  /** That the call may pass, or the error that says why not. */
  admit(call: Call, environment: Environment, timeout: TimeoutPolicy | undefined): Permit | CircuitOpenError;
}

/** What all circuits of a breaker share. */
export interface CircuitRules extends WindowRules {
  readonly delayMs: number;
  readonly successThreshold: number;
  readonly halfOpenMs: number | undefined;
  judge(error: unknown, call: Call): Verdict;
  environment: Environment;
  /** Other nodes that have a say in it. */
  readonly outside?: Outside | undefined;
  /** Whose circuits they are; of several functions the first that was called. */
  operation: string;
  /** Told of each change. */
  changed(circuit: Circuit, from: CircuitState, to: CircuitState, error?: unknown): void;
}

/** What nodes have agreed upon. */
export interface Outside {
  /** Whether calls may be let through half-open here. */
  mayProbe(circuit: Circuit): boolean;
  /** How long it takes until that may be otherwise. */
  readonly waitMs: number;
}

/** One circuit: closed, open or half-open, looked at when it is asked and never by a timer. */
export class Circuit {
  private epoch: Closed | Open | HalfOpen;
  private lookedAt = 0;

  constructor(
    readonly rules: CircuitRules,
    readonly key: string | undefined,
  ) {
    this.epoch = new Closed(this);
  }

  private get now(): number {
    return this.rules.environment.clock.monotonic();
  }

  /** The state at this moment. */
  get state(): CircuitState {
    if (this.epoch.state !== 'closed') this.look(0);
    return this.epoch.state;
  }

  /** Undefined: it may not pass, and `rejection`, asked at once, says why. */
  admit(timeoutMs: number): Permit | undefined {
    if (this.epoch.state !== 'closed') this.look(timeoutMs);
    const { epoch } = this;
    if (epoch.state === 'closed') return epoch;
    return epoch.state === 'halfOpen' && this.mayProbe ? epoch.lease(this.lookedAt) : undefined;
  }

  rejection(call: Call): CircuitOpenError {
    const { epoch, lookedAt } = this;
    const state = epoch.state === 'halfOpen' ? 'halfOpen' : 'open';
    const waitMs = epoch.state === 'closed' ? 0 : epoch.waitMs(lookedAt);
    const outsideMs = state === 'open' ? (this.rules.outside?.waitMs ?? 0) : 0;
    return new CircuitOpenError(call.operation, state, Math.max(waitMs, outsideMs), epoch.cause).rejecting(rootOf(call));
  }

  private get mayProbe(): boolean {
    return this.rules.outside?.mayProbe(this) ?? true;
  }

  /** The state that it was left in. */
  get kind(): CircuitState {
    return this.epoch.state;
  }

  /** Whether its time is over, so that somebody has to try it. */
  get isDue(): boolean {
    const { epoch } = this;
    return epoch.state === 'open' ? this.now >= epoch.until : epoch.state === 'halfOpen';
  }

  /** Whether calls are under way that were let through half-open. */
  get isProbing(): boolean {
    return this.epoch.state === 'halfOpen' && this.epoch.leases.size > 0;
  }

  /** Somebody else has tried it in vain. */
  prolong(): void {
    if (this.epoch.state === 'open') this.epoch = new Open(this.now + this.rules.delayMs, this.epoch.cause);
    else if (this.epoch.state === 'halfOpen') this.open(this.epoch.cause);
  }

  /** What time has done: an open circuit may be tried, a probe that nobody heard of again has failed. */
  private look(timeoutMs: number): void {
    const now = (this.lookedAt = this.now);
    if (this.epoch instanceof HalfOpen) {
      const lostAt = this.epoch.lostAt(now);
      if (lostAt !== undefined) this.open(this.epoch.cause, lostAt);
    }
    if (this.epoch instanceof Open && now >= this.epoch.until && this.mayProbe) {
      const { delayMs, halfOpenMs } = this.rules;
      this.move(new HalfOpen(this, this.epoch.cause, halfOpenMs ?? Math.max(delayMs, timeoutMs)));
    }
  }

  isCurrent(epoch: object): boolean {
    return this.epoch === epoch;
  }

  open(cause: unknown, at = this.now): void {
    this.move(new Open(at + this.rules.delayMs, cause), cause);
  }

  close(): void {
    this.move(new Closed(this));
  }

  /** Closed, and nothing that came before counts. */
  reset(): void {
    if (this.epoch.state !== 'closed') return this.close();
    this.epoch = new Closed(this);
  }

  private move(to: Closed | Open | HalfOpen, cause?: unknown): void {
    const from = this.epoch.state;
    this.epoch = to;
    this.rules.changed(this, from, to.state, cause);
  }

  /** A result of another epoch than today's changes nothing. */
  late(): void {
    const { events, clock } = this.rules.environment;
    const details = { operation: this.rules.operation, key: this.key };
    if (events.listening) events.publish({ name: 'circuit.late', at: clock.now(), details });
  }
}

class Closed implements Permit {
  readonly state = 'closed';
  readonly cause = undefined;
  private window: Window | undefined;

  constructor(private readonly circuit: Circuit) {}

  succeeded(): void {
    this.record(false, undefined);
  }

  failed(error: unknown, call: Call): Verdict {
    const verdict = this.circuit.rules.judge(error, call);
    if (verdict !== 'neutral') this.record(verdict === 'failure', error);
    return verdict;
  }

  private record(isFailure: boolean, error: unknown): void {
    const { rules } = this.circuit;
    if (!this.circuit.isCurrent(this)) return this.circuit.late();
    const now = rules.window === 'time' ? rules.environment.clock.monotonic() : 0;
    if ((this.window ??= createWindow(rules)).record(isFailure, now)) this.circuit.open(error);
  }
}

class Open {
  readonly state = 'open';
  constructor(
    readonly until: number,
    readonly cause: unknown,
  ) {}

  waitMs(now: number): number {
    return Math.max(0, this.until - now);
  }
}

/** Some calls are let through to see. Each has its permit for a time; one that does not come back has failed. */
class HalfOpen {
  readonly state = 'halfOpen';
  readonly leases = new Set<Lease>();
  private successes = 0;

  constructor(
    private readonly circuit: Circuit,
    readonly cause: unknown,
    private readonly leaseMs: number,
  ) {}

  lease(now: number): Permit | undefined {
    if (this.leases.size + this.successes >= this.circuit.rules.successThreshold) return undefined;
    const lease = new Lease(this, now + this.leaseMs);
    this.leases.add(lease);
    return lease;
  }

  waitMs(now: number): number {
    let first = Infinity;
    for (const { until } of this.leases) first = Math.min(first, until);
    return Number.isFinite(first) ? Math.max(0, first - now) : 0;
  }

  /** When the first probe was lost. */
  lostAt(now: number): number | undefined {
    for (const { until } of this.leases) if (until <= now) return until;
    return undefined;
  }

  ended(lease: Lease, verdict: Verdict, error?: unknown): void {
    if (!this.leases.delete(lease)) return;
    if (!this.circuit.isCurrent(this)) return this.circuit.late();
    if (verdict === 'failure') return this.circuit.open(error);
    if (verdict === 'neutral') return;
    this.successes += 1;
    if (this.successes >= this.circuit.rules.successThreshold) this.circuit.close();
  }

  judge(error: unknown, call: Call): Verdict {
    return this.circuit.rules.judge(error, call);
  }
}

class Lease implements Permit {
  constructor(
    private readonly epoch: HalfOpen,
    readonly until: number,
  ) {}

  succeeded(): void {
    this.epoch.ended(this, 'success');
  }

  failed(error: unknown, call: Call): Verdict {
    const verdict = this.epoch.judge(error, call);
    this.epoch.ended(this, verdict, error);
    return verdict;
  }
}
