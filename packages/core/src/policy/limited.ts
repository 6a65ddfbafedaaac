import type { Environment } from '../base/environment.js';
import { isTelling } from '../base/events.js';
import type { Call } from '../base/interceptor.js';
import { currentScope, runInScope } from '../base/scope.js';
import { PartCall, rootOf } from './call.js';
import type { Body, Chain } from './call.js';
import { deadlinesOf } from './deadlines.js';
import type { Expiring, List } from './deadlines.js';
import { TimeoutError } from './errors.js';
import { waitFor } from './places.js';
import type { Slot } from './places.js';
import { Bodies } from './bodies.js';

/** The options of a time-out, checked and filled in. */
export interface TimeoutPolicy {
  readonly valueMs: number;
  readonly scope: 'attempt' | 'total';
  readonly mode: 'abandon' | 'cooperative';
  readonly multiplier: number;
  readonly maxMs: number;
  readonly onLate: ((value: unknown) => unknown) | undefined;
}

/** The time of this attempt. */
export const limitMs = ({ valueMs, multiplier, maxMs }: TimeoutPolicy, attempt: number): number =>
  multiplier === 1 ? valueMs : Math.min(valueMs * multiplier ** (attempt - 1), maxMs);

/** What begins the body of a part. */
export interface Starter {
  begin(part: PartCall): Promise<unknown>;
}

/** A part of a call whose time is limited. */
export class Limited extends PartCall implements Expiring {
  readonly dueAt: number;
  private readonly isClamped: boolean;
  private expired: TimeoutError | undefined;
  private isOver = false;
  private isHolding = false;
  before: Expiring | undefined;
  after: Expiring | undefined;
  list: List | undefined;
  private resolve!: (value: unknown) => void;
  private reject!: (error: unknown) => void;

  constructor(
    parent: Call,
    private readonly used: Environment,
    private readonly policy: TimeoutPolicy,
    private readonly ms: number,
    private readonly startedAt: number,
    /** Where its body needs a place. */
    private readonly places?: Slot,
    /** Those that may be under way at its end, and that nobody else tells of. */
    private readonly bodies?: Bodies,
  ) {
    super(parent);
    const { clock } = used;
    // The caller's own deadline, if it comes first.
    const outer = currentScope()?.deadline;
    this.isClamped = outer !== undefined && outer.clock === clock && outer.at < this.startedAt + ms;
    this.dueAt = this.isClamped ? (outer?.at as number) : this.startedAt + ms;
  }

  run(starter: Starter): Promise<unknown> {
    if (this.dueAt <= this.startedAt) return Promise.reject(this.error());
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      deadlinesOf(this.used.clock).add(this, this.isClamped ? 0 : this.ms);
      let ended: Promise<unknown>;
      try {
        ended = this.places ? this.placed(this.places, starter) : Promise.resolve(starter.begin(this));
      } catch (error) {
        return this.failed(error);
      }
      ended.then(
        (value) => this.done(value),
        (error: unknown) => this.failed(error),
      );
    });
  }

  /** The place is kept until the body has settled, whatever its caller was told meanwhile. */
  private placed(places: Slot, starter: Starter): Promise<unknown> {
    if (!places.enter()) return waitFor(places, this, this.used, () => this.hold(starter));
    return Promise.resolve(this.hold(starter));
  }

  private hold(starter: Starter): Promise<unknown> {
    this.isHolding = true;
    return starter.begin(this);
  }

  private leave(): void {
    if (this.isHolding) this.places?.leave();
    this.isHolding = false;
  }

  expire(): void {
    this.expired = this.error();
    const { events, clock } = this.used;
    if (events.listening) events.publish({ name: 'timeout.expired', at: clock.now(), error: this.expired, details: this.expired.details });
    this.tellEnd(true);
    if (this.policy.mode === 'abandon' || !this.begun) {
      this.isOver = true;
      // Whoever keeps a record of the call must hear of it before somebody answers in its place.
      if (this.bodies && this.bodies.running > 0) this.onAttemptFailed(this.expired);
      this.reject(this.expired);
    }
    this.abort(this.expired);
  }

  private error(): TimeoutError {
    const error = new TimeoutError({
      operation: this.operation,
      timeoutMs: this.dueAt - this.startedAt,
      elapsedMs: this.used.clock.monotonic() - this.startedAt,
      stage: this.begun ? 'executing' : 'queued',
      scope: this.isClamped ? 'total' : this.policy.scope,
    });
    return this.begun ? error : error.rejecting(rootOf(this));
  }

  private done(value: unknown): void {
    this.leave();
    if (this.isOver) return this.late(value);
    this.settle();
    this.resolve(value);
  }

  private failed(error: unknown): void {
    this.leave();
    // Its caller has been told already: a late failure is nobody's.
    if (this.isOver) return;
    this.settle();
    const stopped = error === this.expired || (error as Error | undefined)?.name === 'AbortError';
    this.reject(this.expired && stopped ? this.expired : error);
  }

  private settle(): void {
    this.isOver = true;
    if (!this.expired) this.tellEnd(false);
    deadlinesOf(this.used.clock).remove(this);
    this.close();
  }

  private tellEnd(timedOut: boolean): void {
    const { events, clock } = this.used;
    if (!isTelling(events)) return;
    const details = { operation: this.operation, scope: this.policy.scope, timedOut, durationMs: clock.monotonic() - this.startedAt };
    events.publish({ name: 'timeout.ended', at: clock.now(), details });
  }

  private late(value: unknown): void {
    const { events, clock } = this.used;
    if (events.listening) events.publish({ name: 'timeout.late', at: clock.now(), details: { operation: this.operation } });
    if (this.policy.onLate) handOver(this.policy.onLate, value, this.operation);
  }
}

/** Gives a value to somebody whose failure must not become the call's. */
export function handOver(to: (value: unknown) => unknown, value: unknown, operation: string): void {
  const warn = (error: unknown): void => process.emitWarning(`onLate of ${operation} threw: ${String(error)}`, { code: 'REDRESS_LATE' });
  try {
    Promise.resolve(to(value)).catch(warn);
  } catch (error) {
    warn(error);
  }
}

/** A time for all attempts together, which the calls within it know of. */
export function withDeadline(policy: TimeoutPolicy, inner: Chain, given: (call: Call) => Environment): Chain {
  return (call: Call, body: Body) => {
    const environment = given(call);
    const bodies = new Bodies();
    const whole = new Limited(call, environment, policy, policy.valueMs, environment.clock.monotonic(), undefined, bodies);
    const deadline = { at: whole.dueAt, clock: environment.clock };
    return whole.run({ begin: () => runInScope({ ...currentScope(), deadline }, () => inner(whole, bodies.counting(body))) });
  };
}
