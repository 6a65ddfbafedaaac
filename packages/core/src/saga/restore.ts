import { ConflictError } from '../base/errors.js';
import type { Entry, Head, HeadPatch, Loaded, NewEntry } from '../base/store.js';
import type { Desk } from './desk.js';
import { MOST_ENTRIES } from './writes.js';

/** A run that is gone so soon after its lease was lost by the store; later it may have been purged. Longer than a failover. */
const FORGOTTEN_MS = 60_000;

/** For so long after a lease, in milliseconds, nobody else can have ended a run and forgotten it. */
export function forgottenAfterMs({ retentionOf }: Desk, saga: string): number {
  return Math.min(FORGOTTEN_MS, retentionOf(saga) ?? Infinity);
}

/** What an owner knows of a stream: all of its entries, and the head as it saw it last. */
export interface Remembered {
  readonly head: Head;
  readonly entries: readonly NewEntry[];
}

/**
 * - `restored`: what the store had lost was written again, for it still had a beginning of what this owner knows, and nobody
 *   else held it.
 * - `divided`: it has lost something, and somebody else has gone on from there.
 * - `another`: the run is gone, or its id stands for another one. When it is long since this owner held it, that can be right.
 */
export type Mended = { readonly is: 'restored'; readonly head: Head } | { readonly is: 'divided' | 'another' };

/**
 * `found` lacks an entry that this owner had been answered. `isRecent`: it held the run just now. `owner`: who is to hold the stream then; null: whoever claims it.
 * @throws ConflictError when somebody wrote meanwhile, StoreUnavailableError.
 */
export async function mend(
  desk: Desk,
  known: Remembered,
  found: Loaded | undefined,
  owner: string | null,
  isRecent: boolean,
): Promise<Mended> {
  // A journal begins with a word that no other run has: with it, the run is the same one, whatever time has passed.
  if (!isSame(found?.entries[0], known.entries[0]) && !isRecent) return { is: 'another' };
  if (found && !isBeginning(found, known, desk.owner)) return { is: 'divided' };
  return { is: 'restored', head: await write(desk, known, found, owner) };
}

async function write(desk: Desk, known: Remembered, found: Loaded | undefined, owner: string | null): Promise<Head> {
  const { id, kind, name, status, meta, tags } = known.head;
  const held: HeadPatch = { owner: desk.owner, status, meta, tags, claims: 0, wake: { inMs: desk.leaseMs } };
  let there = found?.head;
  let lost = known.entries.slice(found?.entries.length ?? 0);
  for (;;) {
    const entries = lost.slice(0, MOST_ENTRIES);
    lost = lost.slice(MOST_ENTRIES);
    const expect = there ? { version: there.version, stamp: there.stamp } : 'absent';
    const change = { id, expect, entries, head: lost.length > 0 || owner !== null ? held : { ...held, owner, wake: { inMs: 0 } } } as const;
    const commit = await desk.store.commit(there ? change : { ...change, create: { kind, name } });
    // Its entries are there already, and its head may be anybody's: it is looked at again.
    if (!commit.applied) throw new ConflictError(id, 'version', { version: commit.head.version });
    there = commit.head;
    if (lost.length === 0) return there;
  }
}

function isBeginning({ head, entries }: Loaded, known: Remembered, owner: string): boolean {
  if (head.owner !== null && head.owner !== owner) return false;
  return entries.length <= known.entries.length && entries.every((entry, i) => isSame(entry, known.entries[i]));
}

/** Whether an entry is the one that was written. */
export function isSame(there: Entry | undefined, written: NewEntry | undefined): boolean {
  if (!there || !written) return false;
  if (there.key !== written.key || there.type !== written.type) return false;
  return there.data === written.data || Buffer.compare(bytesOf(there), bytesOf(written)) === 0;
}

function bytesOf({ data }: NewEntry): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}
