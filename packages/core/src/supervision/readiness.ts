import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';
import type { ReadinessOptions, RunningChild } from './child.js';
import { lostCheck, noCheck } from './health.js';

interface Observer {
  readonly clock: Clock;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called when it has changed. `error`: what the last check said. */
  turn(ready: boolean, error?: unknown): void;
}

/** Asks the child each period, from now on, whether it may be given work. It is not ready until it has said so. */
export async function watchReadiness(id: string, running: RunningChild, options: ReadinessOptions, observer: Observer): Promise<void> {
  const { periodMs = 10_000, timeoutMs = 1_000, failureThreshold = 3, successThreshold = 1 } = options;
  const { clock, signal } = observer;
  if (!options.check && !running.ready) throw noCheck(`child ${id}, readiness`, 'ready', 'readiness.check');
  const check = (given: AbortSignal): unknown => (options.check ? options.check(running, given) : running.ready?.(given));
  let ready = false;
  let inARow = 0;
  for (;;) {
    const lost = await lostCheck(clock, timeoutMs, signal, check);
    if (signal.aborted) return;
    const changes = ready === (lost !== undefined);
    inARow = changes ? inARow + 1 : 0;
    if (inARow >= (ready ? failureThreshold : successThreshold)) {
      ready = !ready;
      inARow = 0;
      observer.turn(ready, lost?.reason);
    }
    await sleep(clock, periodMs, signal, true);
    if (signal.aborted) return;
  }
}
