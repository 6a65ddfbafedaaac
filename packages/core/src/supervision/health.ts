import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';
import { ConfigurationError, messageOf } from '../base/errors.js';
import type { ChildSpec, HealthOptions, RunningChild } from './child.js';
import { phiDetector } from './detector.js';
import { ChildUnhealthyError } from './errors.js';

export interface Watcher {
  readonly clock: Clock;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  suspect(details: Readonly<Record<string, unknown>>, error?: unknown): void;
  dead(error: ChildUnhealthyError): void;
}

/** Asks the child each period. One lost check is a suspicion; `failureThreshold` of them in a row are a death. */
export async function watchHealth(id: string, running: RunningChild, options: HealthOptions, watcher: Watcher): Promise<void> {
  const { periodMs = 10_000, timeoutMs = 1_000, failureThreshold = 3, indirect = [] } = options;
  const { clock, signal } = watcher;
  const check = directCheck(id, running, options);
  let lost = 0;
  for (;;) {
    await sleep(clock, periodMs, signal, true);
    if (signal.aborted) return;
    const error = await lostCheck(clock, timeoutMs, signal, check);
    const found = error && indirect.length > 0 ? await anyAnswers(clock, timeoutMs, signal, indirect) : false;
    if (signal.aborted) return;
    if (!error || found) {
      lost = 0;
      continue;
    }
    lost += 1;
    watcher.suspect({ lost, failureThreshold }, error.reason);
    if (lost >= failureThreshold) {
      return watcher.dead(
        new ChildUnhealthyError(id, `it lost ${lost} health checks in a row, the last one: ${messageOf(error.reason)}`, error.reason),
      );
    }
  }
}

type Check = (signal: AbortSignal) => unknown;

function directCheck(id: string, running: RunningChild, { check }: HealthOptions): Check {
  if (check) return (signal) => check(running, signal);
  if (running.ping) return (signal) => running.ping?.(signal);
  throw noCheck(`child ${id}, health`, 'ping', 'health.check');
}

export function noCheck(subject: string, own: string, option: string): ConfigurationError {
  const cause = `It has no ${own}, and no check is given.`;
  return new ConfigurationError([{ subject, cause, remedy: `Give ${option}, or let the child have a ${own}.` }]);
}

/** Why a check was lost; undefined: the child is well. */
export async function lostCheck(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  check: Check,
): Promise<{ readonly reason: unknown } | undefined> {
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  signal.addEventListener('abort', stop, { once: true });
  const asked = (async () => check(ending.signal))().then(
    (answer) => (answer === false ? { reason: new Error('it answered false') } : undefined),
    (reason: unknown) => ({ reason }),
  );
  const late = sleep(clock, timeoutMs, ending.signal, true).then(() => ({ reason: new Error(`no answer within ${timeoutMs} ms`) }));
  const first = await Promise.race([asked, late]);
  signal.removeEventListener('abort', stop);
  ending.abort();
  return first;
}

async function anyAnswers(clock: Clock, timeoutMs: number, signal: AbortSignal, checks: readonly Check[]): Promise<boolean> {
  const answers = checks.map(async (check) => {
    const lost = await lostCheck(clock, timeoutMs, signal, check);
    if (lost) throw lost.reason;
    return true;
  });
  return Promise.any(answers).catch(() => false);
}

export interface Heart {
  beat(): void;
}

/** Takes a child for dead when its beats stay away for longer than is likely. Being ready counts as its first beat. */
export function watchHeart(id: string, options: NonNullable<ChildSpec['heartbeat']>, watcher: Watcher): Heart {
  const { clock, signal } = watcher;
  const { heartbeatMs = 1_000 } = options;
  const detector = phiDetector(options);
  detector.beat(clock.monotonic());
  const look = async (): Promise<void> => {
    for (;;) {
      const asleepAt = clock.monotonic();
      await sleep(clock, heartbeatMs, signal, true);
      if (signal.aborted) return;
      const now = clock.monotonic();
      // This process was held up itself, and beats may be waiting to be read: an observer that is late accuses nobody.
      if (now - asleepAt > 1.5 * heartbeatMs) continue;
      const phi = detector.phi(now);
      if (detector.available(now)) continue;
      watcher.suspect({ phi });
      return watcher.dead(new ChildUnhealthyError(id, `its heart-beats stay away (phi ${phi.toFixed(1)})`));
    }
  };
  void look();
  return { beat: () => detector.beat(clock.monotonic()) };
}
