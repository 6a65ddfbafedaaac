import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { RefusedError, TerminalError } from '../base/errors.js';
import { classify, matches } from '../base/failure.js';
import type { Matcher } from '../base/failure.js';
import { isTelling } from '../base/events.js';
import type { Call } from '../base/interceptor.js';
import { begin, isAborted, isOwned, PartCall, rootOf } from './call.js';
import type { Running } from './call.js';
import { deadlinesOf, Expiry } from './deadlines.js';
import { keepAnswer, keepInfo } from './info.js';
import { handOver } from './limited.js';

/** When a second copy of a slow call is begun beside it. What is called must bear being called twice. */
export interface HedgeOptions {
  /** How long the copies before are waited for; -1: until they have failed. `p95` of the last calls. Default: `p95`. */
  readonly delay?: Duration | 'p95';
  /** What `p95` is before 50 calls have been seen. Default: 2 s. */
  readonly initialDelay?: Duration;
  /** Copies besides the first. Default: 1. */
  readonly maxHedges?: number;
  /** The part of the calls that may have further copies. Default: 0.05. */
  readonly maxLoad?: number;
  /** Failures that are answered by a copy; any other ends the call. Default: those that may pass. */
  readonly hedgeOn?: readonly Matcher[];
  /** Given what a copy answers that came too late. Default: it is disposed of, if it can be. */
  readonly onLate?: (value: unknown) => unknown;
}

const SAMPLES = 200;
const ENOUGH = 50;
/** Copies that calls without one have saved up, at most. */
const SAVED = 10;

type Copy = (part: Call) => Promise<unknown>;

export class Hedge {
  private readonly samples: number[] = [];
  private seen = 0;
  private p95Ms: number;
  private allowed = 1;

  constructor(
    readonly options: HedgeOptions,
    private readonly delay: number | 'p95',
    initialMs: number,
  ) {
    this.p95Ms = initialMs;
  }

  get delayMs(): number {
    return this.delay === 'p95' ? this.p95Ms : this.delay;
  }

  run(call: Call, environment: Environment, copy: Copy): Promise<unknown> {
    this.allowed = Math.min(SAVED, this.allowed + (this.options.maxLoad ?? 0.05));
    return new Race(this, call, environment, copy).run();
  }

  /** Whether one more call may have copies. */
  allow(): boolean {
    // Twenties do not add up to one exactly.
    if (this.allowed < 1 - 1e-9) return false;
    this.allowed -= 1;
    return true;
  }

  sample(ms: number): void {
    this.samples[this.seen % SAMPLES] = ms;
    this.seen += 1;
    if (this.seen < ENOUGH || this.seen % 10 !== 0) return;
    const sorted = [...this.samples].sort((a, b) => a - b);
    this.p95Ms = sorted[Math.floor(sorted.length * 0.95)] as number;
  }

  mayFollow(error: unknown): boolean {
    const { hedgeOn } = this.options;
    if (error instanceof RefusedError || error instanceof TerminalError) return false;
    return hedgeOn ? matches(error, hedgeOn) : !['permanent', 'cancelled'].includes(classify(error));
  }

  late(value: unknown, operation: string): void {
    handOver(this.options.onLate ?? disposeOf, value, operation);
  }
}

function disposeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = value as Partial<AsyncDisposable & Disposable>;
  return (later ?? now)?.call(value);
}

/** A copy begins with its body, and not before. */
const COPIES: Running = { signal: undefined };

/** One call and its copies. */
class Race {
  private readonly copies: PartCall[] = [];
  private readonly errors = new Map<number, unknown>();
  private readonly startedAt: number;
  private readonly isOwned = isOwned();
  private mayHedge: boolean | undefined;
  private isOver = false;
  private wait: Expiry | undefined;
  private resolve!: (value: unknown) => void;
  private reject!: (error: unknown) => void;

  constructor(
    private readonly hedge: Hedge,
    private readonly call: Call,
    private readonly environment: Environment,
    private readonly copy: Copy,
  ) {
    this.startedAt = environment.clock.monotonic();
  }

  run(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      this.begin();
    });
  }

  private begin(): void {
    const n = this.copies.length;
    const part = new PartCall(this.call);
    this.copies.push(part);
    const { events, clock } = this.environment;
    if (n > 0 && events.listening) {
      events.publish({ name: 'hedge.started', at: clock.now(), details: { operation: this.call.operation, copy: n + 1 } });
    }
    // A later copy begins in a turn of its own, and its repetitions are still those of the call around it.
    begin(COPIES, () => this.copy(part), this.isOwned).then(
      (value) => this.answered(n, value),
      (error: unknown) => this.failed(n, error),
    );
    if (!this.isOver) this.waitForNext();
  }

  private get mayBegin(): boolean {
    if (this.copies.length > (this.hedge.options.maxHedges ?? 1) || rootOf(this.call).repeatable === false) return false;
    return !isAborted(this.call) && (this.mayHedge ??= this.hedge.allow());
  }

  private waitForNext(): void {
    const { delayMs } = this.hedge;
    if (delayMs < 0 || this.copies.length > (this.hedge.options.maxHedges ?? 1)) return;
    const { clock } = this.environment;
    // By a promise, whose reaction is the caller's: the timer of all time-outs runs in nobody's async context.
    const isTime = new Promise<void>((resolve) => {
      this.wait = new Expiry(clock.monotonic() + delayMs, resolve);
      deadlinesOf(clock).add(this.wait, 0);
    });
    void isTime.then(() => {
      if (!this.isOver && this.mayBegin) this.begin();
    });
  }

  private stopWaiting(): void {
    if (this.wait) deadlinesOf(this.environment.clock).remove(this.wait);
  }

  private answered(n: number, value: unknown): void {
    if (this.isOver) return this.hedge.late(value, this.call.operation);
    if (n === 0) this.hedge.sample(this.environment.clock.monotonic() - this.startedAt);
    const info = { attempts: this.copies.length, errors: [...this.errors.values()] };
    if (this.copies.length > 1) keepAnswer(value, rootOf(this.call).told, info);
    this.end(n);
    this.resolve(value);
  }

  private failed(n: number, error: unknown): void {
    if (this.isOver) return;
    this.errors.set(n, error);
    if (!this.hedge.mayFollow(error)) return this.fail(n, error);
    if (this.mayBegin) {
      this.stopWaiting();
      this.begin();
    } else if (this.errors.size === this.copies.length) {
      this.fail(n, this.errors.get(0));
    }
  }

  private fail(n: number, error: unknown): void {
    this.end(n);
    if (this.copies.length > 1) keepInfo(error, { attempts: this.copies.length, errors: [...this.errors.values()] });
    this.reject(error);
  }

  /** Gives the others up. What they have done until now is not known to whoever keeps a record of the call. */
  private end(winner: number): void {
    this.isOver = true;
    this.stopWaiting();
    const { events, clock } = this.environment;
    if (isTelling(events)) {
      const details = { operation: this.call.operation, copies: this.copies.length, copy: winner + 1, answered: !this.errors.has(winner) };
      events.publish({ name: 'hedge.ended', at: clock.now(), details });
    }
    const reason = new DOMException('Another copy of the call has answered.', 'AbortError');
    this.copies.forEach((part, n) => {
      if (n !== winner && !this.errors.has(n)) {
        if (n === 0) this.hedge.sample(this.environment.clock.monotonic() - this.startedAt);
        if (part.begun) this.call.onAttemptFailed?.(reason);
        part.abort(reason);
      }
      part.close();
    });
  }
}
