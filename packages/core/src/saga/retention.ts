import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import type { HeadPatch } from '../base/store.js';
import { isChild } from './child-key.js';
import type { History } from './history.js';
import type { Meta, MetaChanges } from './meta.js';
import type { Desk } from './desk.js';

/** How long a run is kept after its end; `forever`: until it is purged. */
export type Retention = Duration | 'forever';

/** Milliseconds, `Infinity` for ever. @throws ConfigurationError when it is no duration, or nothing. */
export function retentionMs(value: Retention, subject: string): number {
  if (value === 'forever') return Infinity;
  const ms = durationMs(value, subject);
  if (ms > 0) return ms;
  const cause = 'a run that is forgotten at its end is not found by those who ask for its outcome.';
  throw new ConfigurationError([{ subject, cause, remedy: "Give one such as '7d', or 'forever'." }]);
}

/** How long a run is kept, by its saga and version: as that says, else as the runtime's option says. */
export function retentions(standard: Retention | undefined, ofSaga: (saga: string, version: number) => number | undefined) {
  const standardMs = retentionMs(standard ?? 'forever', 'createRuntime, retention');
  return (saga: string, version = 0): number | undefined => {
    const ms = ofSaga(saga, version) ?? standardMs;
    return ms === Infinity ? undefined : ms;
  };
}

/** What the end of a run needs to know of it. */
export interface Ending {
  readonly desk: Desk;
  readonly saga: string;
  readonly history: History;
  readonly meta: Meta;
  note(changes: MetaChanges): void;
}

/**
 * The patch of an end. Nothing follows on it, but that what ended whole is due once more when it was kept long enough. One
 * that a person has waived a part of is kept; a child is forgotten with its parent, which may have to undo it until then.
 */
export function ending(run: Ending, status: 'completed' | 'compensated' | 'mixed'): HeadPatch {
  const { desk, saga, history, meta } = run;
  const kept = status === 'mixed' || meta.parent !== undefined ? undefined : desk.retentionOf(saga, history.started?.version);
  if (meta.keptMs !== kept) run.note({ keptMs: kept });
  const counts = kept !== undefined || meta.parent !== undefined;
  if (counts && !meta.family && history.steps.some(({ intent }) => isChild(intent.operation))) run.note({ family: true });
  return { status, owner: null, wake: kept === undefined ? null : { inMs: kept } };
}
