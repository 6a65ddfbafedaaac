import type { Timer } from '../base/clock.js';
import { durationMs } from '../base/duration.js';
import { StoreError, StoreUnavailableError } from '../base/errors.js';
import type { Ears } from './ear.js';
import {
  SagaCancelledError,
  SagaCompensatedError,
  SagaMixedError,
  SagaNotFoundError,
  SagaStillRunningError,
  SagaStuckError,
} from './errors.js';
import { History } from './history.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import type { Run } from './run.js';
import type { RunEnd } from './run-end.js';
import type { WaitOptions } from './runtime-types.js';

/** What waiting needs of the runtime. */
export interface WaitHost {
  readonly desk: Desk;
  readonly stopped: boolean;
  /** The run, while this process owns it. */
  local(stream: string): Run | undefined;
  readonly ears: Ears;
}

/** The caller waits for the outcome, never for the body: here while the run is here, then in the store. */
export async function waitFor(host: WaitHost, saga: string, id: string, options: WaitOptions = {}): Promise<unknown> {
  const limit = new GiveUp(host, options);
  const ear = host.ears.to(streamOf(saga, id));
  try {
    for (;;) {
      ear.attend();
      const run = host.local(streamOf(saga, id));
      if (!run && host.stopped) throw new SagaStillRunningError(saga, id, 'this runtime was stopped');
      const end = run ? await limit.race(run.done) : await asked(host, saga, id);
      if (end && end.status !== 'left') return answer(saga, id, end);
      if (limit.reason !== undefined) throw new SagaStillRunningError(saga, id, limit.reason);
      if (host.stopped) throw new SagaStillRunningError(saga, id, 'this runtime was stopped');
      if (!run || host.local(streamOf(saga, id)) === run) await ear.pause(limit.signal);
    }
  } finally {
    ear.close();
    limit.dispose();
  }
}

/** When the waiter has had enough. */
class GiveUp {
  reason: string | undefined;
  private readonly controller: AbortController | undefined;
  private readonly timer: Timer | undefined;
  private readonly onAbort = (): void => this.now('the wait was aborted');

  constructor(
    host: WaitHost,
    private readonly options: WaitOptions,
  ) {
    if (options.timeout === undefined && !options.signal) return;
    this.controller = new AbortController();
    if (options.timeout !== undefined) {
      const ms = durationMs(options.timeout, 'timeout');
      this.timer = host.desk.environment.clock.setTimer(ms, () => this.now(`the wait was limited to ${ms} ms`));
    }
    if (options.signal?.aborted) this.onAbort();
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  get signal(): AbortSignal | undefined {
    return this.controller?.signal;
  }

  race(done: Promise<RunEnd>): Promise<RunEnd | undefined> {
    const { signal } = this;
    if (!signal) return done;
    if (signal.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const gone = (): void => resolve(undefined);
      signal.addEventListener('abort', gone, { once: true });
      void done.then((end) => {
        signal.removeEventListener('abort', gone);
        resolve(end);
      });
    });
  }

  dispose(): void {
    this.timer?.cancel();
    this.options.signal?.removeEventListener('abort', this.onAbort);
  }

  private now(reason: string): void {
    this.reason ??= reason;
    this.controller?.abort();
  }
}

/** A store that does not answer says nothing about the run. */
async function asked(host: WaitHost, saga: string, id: string): Promise<RunEnd | undefined> {
  try {
    return await stored(host.desk, saga, id);
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    if (error instanceof StoreError && error.code === 'STORE_CLOSED')
      throw new SagaStillRunningError(saga, id, 'the store was closed here');
    throw error;
  }
}

/** The end of a run as the store has it; undefined while it has none. */
async function stored(desk: Desk, saga: string, id: string): Promise<RunEnd | undefined> {
  const found = await desk.store.load(streamOf(saga, id), { limit: 0 });
  if (!found) throw new SagaNotFoundError(saga, id);
  const { status } = found.head;
  if (status === 'running' || status === 'compensating') return undefined;
  const whole = await desk.store.load(streamOf(saga, id));
  if (!whole) throw new SagaNotFoundError(saga, id);
  const history = History.read(desk.codecs, whole.entries);
  if (status === 'completed') return { status, result: history.end?.record.result };
  // A run that was cancelled before it began has no failure of its own.
  const cause =
    history.cancel && !history.decided ? new SagaCancelledError(saga, id, history.cancel.who, history.cancel.why) : history.cause;
  if (status === 'compensated' || status === 'mixed') return { status, cause };
  const stuck = history.stuck.at(-1);
  const step = stuck && stuck.n > 0 ? history.step(stuck.n).intent.operation : 'the saga';
  return { status: 'stuck', cause: history.cause ?? stuck?.error, step, error: stuck?.error };
}

function answer(saga: string, id: string, end: Exclude<RunEnd, { status: 'left' }>): unknown {
  if (end.status === 'completed') return end.result;
  if (end.status === 'compensated') throw new SagaCompensatedError(saga, id, end.cause);
  if (end.status === 'mixed') throw new SagaMixedError(saga, id, end.cause);
  throw new SagaStuckError(saga, id, end.cause, end.step, end.error);
}
