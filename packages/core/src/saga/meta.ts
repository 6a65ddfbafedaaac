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
  /** The stream of the run whose step it is. */
  readonly parent?: string;
  /** Of one that has ended: after so many milliseconds it is forgotten. */
  readonly keptMs?: number;
  /** It has children, which are forgotten with it. */
  readonly family?: true;
  /** How often the run was given back because it could not go on here. */
  readonly handBacks?: number;
  /** Why, the last time. */
  readonly blocked?: string;
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

/** Undefined takes a part away. */
export type MetaChanges = { readonly [K in keyof Meta]?: Meta[K] | undefined };

/** What stands beside the status, with what is to be written with the next commit. */
export class NotedMeta {
  changes: MetaChanges | undefined;
  /** As it was computed last, and of what: it is asked for at every turn. */
  private last: { readonly data: Data; readonly changes: MetaChanges | undefined; readonly meta: Meta } | undefined;

  /** These are in the head now. What was noted since is not, and a part of it that others write is theirs. */
  written(changes: MetaChanges | undefined): void {
    const left = Object.entries(this.changes ?? {}).filter(([part, value]) => {
      const key = part as keyof Meta;
      return !changes || !(key in changes) || changes[key] !== value;
    });
    this.changes = left.length === 0 ? undefined : Object.fromEntries(left);
  }

  /** The changes on top of what a head says. */
  on(data: Data): Meta {
    if (this.last?.data !== data || this.last.changes !== this.changes) {
      const all = Object.entries({ ...readMeta(data), ...this.changes }).filter(([, value]) => value !== undefined);
      this.last = { data, changes: this.changes, meta: Object.fromEntries(all) as Meta };
    }
    return this.last.meta;
  }
}

/** Once more given back because it could not go on here. */
export function handedBack(data: Data, why: string): string {
  const meta = readMeta(data);
  return writeMeta({ ...meta, handBacks: (meta.handBacks ?? 0) + 1, blocked: why.slice(0, 500) });
}

/** The first failure in short, for lists. */
export function shortCause(error: unknown): NonNullable<Meta['cause']> {
  const code = textOf(error, 'code');
  const message = messageOf(error).slice(0, 500);
  return { name: textOf(error, 'name') ?? 'Error', message, ...(code === undefined ? {} : { code }) };
}
