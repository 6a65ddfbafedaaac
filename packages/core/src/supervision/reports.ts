import type { Environment } from '../base/environment.js';

/** What a supervisor tells. Stable names. */
export type SupervisionEvent =
  | 'supervisor.started'
  /** It has given up; `error` is the `RestartLimitError`, or what a first start threw. */
  | 'supervisor.exhausted'
  | 'supervisor.stopped'
  | 'child.started'
  /** It is back after a failure; `details.generation` counts its lives. */
  | 'child.restarted'
  /** By itself, in good order. */
  | 'child.ended'
  | 'child.failed'
  /** A lost check, or a phi above the threshold. */
  | 'child.suspected'
  /** It may be given work, or not any more; `error` is what the last check said. It goes on living. */
  | 'child.ready'
  | 'child.unready'
  /** As it was asked to; here and in the next two `error` is what its own `stop` threw. */
  | 'child.stopped'
  /** It did not stop in time. */
  | 'child.killed'
  /** It neither stopped nor could be killed; nobody waits for it any more. */
  | 'child.abandoned'
  /** An abandoned life gave a sign, and was told to end again. */
  | 'child.fenced';

export type Tell = (name: SupervisionEvent, child?: string, error?: unknown, details?: Readonly<Record<string, unknown>>) => void;

export function reporter({ clock, events }: Environment, supervisor: string): Tell {
  return (name, child, error, details) => {
    if (!events.listening) return;
    events.publish({
      name,
      at: clock.now(),
      id: supervisor,
      ...(error === undefined ? {} : { error }),
      details: { supervisor, ...(child === undefined ? {} : { child }), ...details },
    });
  };
}
