import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';
import type { ChildSpec, RunningChild } from './child.js';
import { ChildStartTimeoutError } from './errors.js';

/** How a life ended, or what it was judged to have ended by. */
export type Ending = { readonly failed: false } | { readonly failed: true; readonly error: unknown };

/** It ended when asked; it had to be killed; or neither helped, and nobody waits for it any more. */
export type Farewell = 'stopped' | 'killed' | 'abandoned';

/** How long a kill may take to show; a process in the kernel's hands may take for ever. */
const KILL_MS = 5_000;

/** One life of a child: from its start to its end, which it finds itself or is given. */
export class Life {
  readonly #spec: ChildSpec;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #over = new AbortController();
  #running: RunningChild | undefined;
  startedAt = 0;
  /** What the supervisor has to act upon. Set while it still runs: it is to be stopped first. */
  verdict: Ending | undefined;
  /** Whether it may be given work. */
  ready = false;
  /** What its own `stop` threw. */
  stopError: unknown;

  constructor(
    spec: ChildSpec,
    clock: Clock,
    /** Called once, when it ends by itself or is taken for dead. */
    readonly onVerdict: (life: Life) => void,
  ) {
    this.#spec = spec;
    this.#clock = clock;
  }

  /** Aborted when it is to end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get running(): RunningChild | undefined {
    return this.#running;
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Calls `fn` when it is over, or at once. */
  whenOver(fn: () => void): void {
    if (this.isOver) fn();
    else this.#over.signal.addEventListener('abort', fn, { once: true });
  }

  judge(ending: Ending): void {
    if (this.verdict) return;
    this.verdict = ending;
    this.onVerdict(this);
  }

  /** Tells a life that is starting, or running, that it is to end. */
  abort(): void {
    this.#ending.abort();
  }

  /**
   * Answers when the child is ready. One that is not ready in time, or was told to end before, is ended.
   * @throws what its start threw; ChildStartTimeoutError; the reason of the signal.
   */
  async begin(start: () => RunningChild | Promise<RunningChild>): Promise<void> {
    const { startMs = Infinity, shutdownMs = 5_000 } = this.#spec;
    const ready = (async () => this.#adopt(await start()))();
    const settled = new AbortController();
    const stirred = new AbortController();
    const settle = (): void => {
      settled.abort();
      stirred.abort();
    };
    ready.then(settle, settle);
    this.signal.addEventListener('abort', () => stirred.abort(), { once: true });
    await pause(this.#clock, startMs, stirred.signal);
    if (settled.signal.aborted) return ready;
    const why: unknown = this.signal.aborted ? this.signal.reason : new ChildStartTimeoutError(this.#spec.id, startMs);
    this.abort();
    await pause(this.#clock, shutdownMs, settled.signal);
    // Ready in spite of all, now or later: it is ended all the same.
    const ended = ready.then(() => this.end(shutdownMs)).catch(() => {});
    if (settled.signal.aborted) await ended;
    throw why;
  }

  #adopt(running: RunningChild): void {
    this.#running = running;
    this.startedAt = this.#clock.monotonic();
    const end = (ending: Ending): void => {
      this.#over.abort();
      this.judge(ending);
    };
    running.ended.then(
      () => end({ failed: false }),
      (error: unknown) => end({ failed: true, error }),
    );
  }

  /** Asks it to end, kills it when it has not ended after `shutdownMs`, and abandons it when that does not help. */
  async end(shutdownMs = this.#spec.shutdownMs ?? 5_000): Promise<Farewell> {
    this.verdict ??= { failed: false };
    this.abort();
    if (this.isOver) return 'stopped';
    if (shutdownMs > 0) {
      attempt(
        () => this.#running?.stop?.(),
        (error) => (this.stopError = error),
      );
      if (await this.#overWithin(shutdownMs)) return 'stopped';
    }
    if (this.kill() && (await this.#overWithin(KILL_MS))) return 'killed';
    return this.isOver ? 'stopped' : 'abandoned';
  }

  /** False when there is no way to kill it. */
  kill(): boolean {
    if (!this.#running?.kill) return false;
    attempt(() => this.#running?.kill?.());
    return true;
  }

  /** Nobody waits for it any more, and it has been heard of: once more it is told to end. */
  dismiss(): void {
    if (!this.kill()) attempt(() => this.#running?.stop?.());
  }

  async #overWithin(ms: number): Promise<boolean> {
    if (this.isOver) return true;
    await pause(this.#clock, ms, this.#over.signal);
    return this.isOver;
  }
}

/** `sleep` that knows `Infinity`. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms !== Infinity) return sleep(clock, ms, signal);
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A child that cannot be asked to end in a civil manner is not the one that decides whether it ends. */
function attempt(fn: () => unknown, failed: (error: unknown) => void = () => {}): void {
  void (async () => fn())().catch(failed);
}
