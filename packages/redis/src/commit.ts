import { ConflictError } from '@redress/core';
import type { Change, Commit, Data, Expectation, Head, HeadPatch, Wake } from '@redress/core';
import type { Verdict } from './batch.js';
import { copyData, fixedOf, guardOf, handedOut, packHead, unpackHead, wakeOf } from './head.js';
import type { Known } from './head.js';
import { dueOf, indexOf, pairOf, sortOf } from './layout.js';
import type { Voice } from './news.js';
import { unavailable } from './refusal.js';
import { nameIn, pack } from './text.js';
import type { Packed } from './text.js';
import type { Argument } from './wire.js';

/** A change as it was when it was asked for: what the caller does to its bytes or lists later does not matter. */
export interface Prepared {
  readonly id: string;
  readonly expect: Expectation;
  readonly create: Change['create'];
  readonly patch: HeadPatch;
  readonly trimTo: number;
  /** Type, key and data of each. */
  readonly entries: readonly Packed[];
  readonly keys: readonly string[];
  readonly meta: { readonly data: Data; readonly packed: Packed } | undefined;
  readonly tags: Head['tags'] | undefined;
}

const NO_PATCH: HeadPatch = {};

export function prepare(change: Change): Prepared {
  const { id, expect, create, entries, head, trimTo } = change;
  const { meta, tags } = head ?? NO_PATCH;
  return {
    id,
    expect: expect === 'absent' ? expect : { version: expect.version, stamp: expect.stamp },
    create,
    patch: head ? { ...head } : NO_PATCH,
    trimTo: trimTo ?? 0,
    entries: entries.map(({ key, type, data }) => pack(`${nameIn(type)}\0${nameIn(key)}\0`, data)),
    keys: entries.map(({ key }) => key),
    meta: meta === undefined ? undefined : { data: copyData(meta), packed: pack('', meta) },
    tags: tags && Object.freeze({ ...tags }),
  };
}

/** What to send for a change, and the head that it makes when it is applied. */
export interface Plan {
  readonly args: readonly Argument[];
  /** Kind and name, when the due set of these is changed. */
  readonly pair: string | undefined;
  readonly after: Known;
}

/** The head before the first commit of a stream. */
export function nothingYet(id: string, { kind, name }: NonNullable<Change['create']>): Known {
  const none = { id, kind, name, version: 0, stamp: '', length: 0, status: '', owner: null, wakeAt: null, claims: 0, meta: '', tags: {} };
  return { head: none, trimmed: 0, fixed: '' };
}

/** `before` is what the writer has seen. Undefined: not known here, so the script is only to judge and to show the head. */
export function plan(prepared: Prepared, stamp: string, before: Known | undefined, voice: Voice): Plan {
  const { id, expect, patch, entries, meta } = prepared;
  const old = before ?? nothingYet(id, { kind: '', name: '' });
  const after = applied(prepared, old, stamp);
  const creates = expect === 'absent';
  const [out, put] = creates ? [[], members(after.head)] : difference(old.head, after.head);
  const guard = creates ? '' : before ? guardOf(expect) : '-';
  const { wake } = patch;
  const pair = pairOf(after.head.kind, after.head.name);
  const args: Argument[] = ['', packHead(after)];
  let flags = '';
  if (wake !== undefined) {
    flags += 'w';
    args.push(wakeIn(wake), dueOf(pair), nameIn(id));
  }
  if (out.length + put.length > 0) {
    flags += 'i';
    args.push(out.length, put.length, ...out, ...put);
  }
  if (creates || after.head.status !== old.head.status) {
    flags += 's';
    args.push(sortOf(pair, after.head.status));
  }
  if (after.trimmed !== old.trimmed) {
    flags += 't';
    args.push(old.trimmed, after.trimmed);
  }
  if (voice !== '' && after.head.owner === null) {
    flags += 'v';
    args.push(voice, pair);
  }
  if (meta) {
    flags += 'm';
    args.push(meta.packed);
  }
  args[0] = `${flags}\0${entries.length}\0${old.head.length}\0${guard}`;
  args.push(...entries);
  return { args, pair: wake === undefined ? undefined : pair, after };
}

function applied({ patch, entries, trimTo, meta, tags }: Prepared, { head: old, trimmed, fixed }: Known, stamp: string): Known {
  const head: Head = {
    id: old.id,
    kind: old.kind,
    name: old.name,
    version: old.version + 1,
    stamp,
    length: old.length + entries.length,
    status: patch.status ?? old.status,
    owner: patch.owner === undefined ? old.owner : patch.owner,
    wakeAt: old.wakeAt,
    claims: patch.claims ?? old.claims,
    meta: meta ? meta.data : old.meta,
    tags: tags ?? old.tags,
  };
  const isFixed = fixed !== '' && head.status === old.status && head.tags === old.tags;
  return { head, trimmed: Math.max(trimmed, Math.min(trimTo, head.length)), fixed: isFixed ? fixed : fixedOf(head) };
}

function wakeIn(wake: Wake): string {
  if (wake === null) return 'never';
  return 'at' in wake ? `=${wake.at}` : `+${wake.inMs}`;
}

/** All by which a stream is found in the index. */
export function members(head: Head): string[] {
  const found = [ofSort(head)];
  for (const [key, value] of Object.entries(head.tags)) found.push(indexOf.tag(key, value) + nameIn(head.id));
  return found;
}

function ofSort({ id, kind, name, status }: Head): string {
  return indexOf.sort(sortOf(pairOf(kind, name), status)) + nameIn(id);
}

const NOTHING: [out: string[], put: string[]] = [[], []];

function difference(old: Head, next: Head): [out: string[], put: string[]] {
  if (old.tags === next.tags) {
    if (old.status === next.status) return NOTHING;
    return [[ofSort(old)], [ofSort(next)]];
  }
  const [before, after] = [new Set(members(old)), new Set(members(next))];
  return [[...before].filter((member) => !after.has(member)), [...after].filter((member) => !before.has(member))];
}

/** The head that an applied change has made. */
export function headOf({ after }: Plan, wake: string): Known {
  // Nobody has seen it yet.
  (after.head as { wakeAt: number | null }).wakeAt = wakeOf(wake);
  return after;
}

/** What the script has said of a change that it did not apply. */
export interface Refusal {
  readonly judged: string;
  /** The stream as it is. */
  readonly there: Known | undefined;
}

/** @throws StoreUnavailableError when Redis failed at this commit. */
export function readRefusal(id: string, { refusal }: Verdict): Refusal {
  if (refusal.length === 1) throw unavailable(new Error(String(refusal[0])));
  if (refusal.length === 0) return { judged: '', there: undefined };
  const [judged, ...fields] = refusal as [Buffer, Buffer, Buffer, Buffer];
  return { judged: judged.toString(), there: unpackHead(id, fields) };
}

/**
 * Why a change was not applied. Undefined: nothing stands in its way, and the head that it wants is the one that is there.
 * @throws ConflictError unless it is a repetition.
 */
export function judge({ id, expect, keys }: Prepared, { judged, there }: Refusal): Commit | undefined {
  if (!there) throw new ConflictError(id, 'missing');
  if (isRepeated(id, keys, judged)) return { head: handedOut(there.head), applied: false };
  const { version, stamp } = there.head;
  if (expect === 'absent') throw new ConflictError(id, 'exists', { version });
  if (expect.version !== version || expect.stamp !== stamp) throw new ConflictError(id, 'version', { version });
  return undefined;
}

const [ABSENT, OTHER, TRIMMED] = ['0', '2', '3'];

/** True when all keys are there with equal type and data. @throws ConflictError on any other presence. */
function isRepeated(id: string, keys: readonly string[], judged: string): boolean {
  const words = judged.split('');
  const keyOf = (word: string | undefined): string | undefined => keys[words.indexOf(word ?? '')];
  const trimmed = keyOf(TRIMMED);
  if (trimmed !== undefined) throw new ConflictError(id, 'trimmed', { key: trimmed });
  const other = keyOf(OTHER);
  if (other !== undefined) throw new ConflictError(id, 'key', { key: other });
  const present = words.filter((word) => word !== ABSENT).length;
  if (present > 0 && present < keys.length) throw new ConflictError(id, 'key');
  return present > 0;
}

/** Whether a remembered head is the one that a writer has seen. */
export function isSeen({ head }: Known, expect: Exclude<Expectation, 'absent'>): boolean {
  return head.version === expect.version && head.stamp === expect.stamp;
}
