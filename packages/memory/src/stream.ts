import { ConflictError } from '@redress/core';
import type { Change, Data, Entry, Expectation, Head, NewEntry } from '@redress/core';

/** A stream as it lies in memory. `head` and the entries are frozen and replaced whole, so they can be handed out. */
export interface Stream {
  head: Head;
  /** Entries from index `trimmed` on. */
  entries: Entry[];
  trimmed: number;
  /** The index of each key ever used: a key stays refused when its entry is gone. */
  readonly keys: Map<string, number>;
  dropped: boolean;
}

/** Bytes can be written to by whoever holds them; text cannot. */
export function copyData(data: Data): Data {
  return typeof data === 'string' ? data : Uint8Array.prototype.slice.call(data);
}

export function copyHead(head: Head): Head {
  return typeof head.meta === 'string' ? head : Object.freeze({ ...head, meta: copyData(head.meta) });
}

export function copyEntry(entry: Entry): Entry {
  return typeof entry.data === 'string' ? entry : Object.freeze({ ...entry, data: copyData(entry.data) });
}

function sameData(a: Data, b: Data): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** True when all keys are there with equal type and data. @throws ConflictError on any other presence. */
export function repeated(stream: Stream, entries: readonly NewEntry[]): boolean {
  let present = 0;
  let other: string | undefined;
  for (const { key, type, data } of entries) {
    const index = stream.keys.get(key);
    if (index === undefined) continue;
    present += 1;
    if (index < stream.trimmed) throw new ConflictError(stream.head.id, 'trimmed', { key });
    const there = stream.entries[index - stream.trimmed];
    if (there?.type !== type || !sameData(there.data, data)) other = key;
  }
  if (other !== undefined) throw new ConflictError(stream.head.id, 'key', { key: other });
  if (present > 0 && present < entries.length) throw new ConflictError(stream.head.id, 'key');
  return present > 0;
}

/** @throws ConflictError when the stream is not what the writer believes it to be. */
export function guard(stream: Stream, expect: Expectation): void {
  const { id, version, stamp } = stream.head;
  if (expect === 'absent') throw new ConflictError(id, 'exists', { version });
  if (expect.version !== version || expect.stamp !== stamp) throw new ConflictError(id, 'version', { version });
}

/** The head before the first commit of a stream. */
export function emptyStream(id: string, kind: string, name: string): Stream {
  const head: Head = {
    id,
    kind,
    name,
    version: 0,
    stamp: '',
    length: 0,
    status: '',
    owner: null,
    wakeAt: null,
    claims: 0,
    meta: '',
    tags: Object.freeze({}),
  };
  return { head, entries: [], trimmed: 0, keys: new Map(), dropped: false };
}

/** Applies a change that was judged. Nothing here can fail half way. */
export function apply(stream: Stream, change: Change, at: number, stamp: string): void {
  for (const { key, type, data } of change.entries) {
    const index = stream.trimmed + stream.entries.length;
    stream.keys.set(key, index);
    stream.entries.push(Object.freeze({ index, key, type, data: copyData(data), at }));
  }
  stream.head = patched(stream, change, at, stamp);
  const gone = Math.min((change.trimTo ?? 0) - stream.trimmed, stream.entries.length);
  if (gone > 0) {
    stream.entries = stream.entries.slice(gone);
    stream.trimmed += gone;
  }
}

function patched({ head, entries, trimmed }: Stream, { head: patch = {} }: Change, at: number, stamp: string): Head {
  const { wake } = patch;
  return Object.freeze({
    ...head,
    version: head.version + 1,
    stamp,
    length: trimmed + entries.length,
    status: patch.status ?? head.status,
    owner: patch.owner === undefined ? head.owner : patch.owner,
    wakeAt: wake === undefined ? head.wakeAt : wake && ('at' in wake ? wake.at : at + wake.inMs),
    claims: patch.claims ?? head.claims,
    meta: patch.meta === undefined ? head.meta : copyData(patch.meta),
    tags: patch.tags === undefined ? head.tags : Object.freeze({ ...patch.tags }),
  });
}
