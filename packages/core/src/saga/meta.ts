import type { Data } from '../base/store.js';
import { messageOf } from '../base/errors.js';
import { textOf } from './intent.js';

/** What stands beside a run's status in the head of its stream. */
export interface Meta {
  /** The first failure; never overwritten. */
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string };
  /** `undecided`: its call is under way. Absent: there is none yet. */
  readonly pivot?: 'undecided' | 'passed';
  readonly held?: true;
  readonly cancelRequested?: true;
  /** In milliseconds of the store's clock. */
  readonly deadlineAt?: number;
  /** Where a stuck run came from, and goes back to. */
  readonly stuckFrom?: 'running' | 'compensating';
  /** How often the run was given back because it could not go on here. */
  readonly handBacks?: number;
}

/** What a head's meta says. Nothing, when it was written by somebody else. */
export function readMeta(data: Data): Meta {
  if (data === '' || typeof data !== 'string') return {};
  try {
    return JSON.parse(data) as Meta;
  } catch {
    return {};
  }
}

export function writeMeta(meta: Meta): string {
  return Object.keys(meta).length === 0 ? '' : JSON.stringify(meta);
}

/** Once more given back because it could not go on here. */
export function handedBack(data: Data): string {
  const meta = readMeta(data);
  return writeMeta({ ...meta, handBacks: (meta.handBacks ?? 0) + 1 });
}

/** The first failure in short, for lists. */
export function shortCause(error: unknown): NonNullable<Meta['cause']> {
  const code = textOf(error, 'code');
  const message = messageOf(error).slice(0, 500);
  return { name: textOf(error, 'name') ?? 'Error', message, ...(code === undefined ? {} : { code }) };
}
