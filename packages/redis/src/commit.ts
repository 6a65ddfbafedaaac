import { ConflictError } from '@redress/core';
import type { Change, Commit, Data, Expectation, Head, Wake } from '@redress/core';
import { copyData, guardOf, handedOut, packHead, unpackHead, wakeOf } from './head.js';
import type { Known } from './head.js';
import { indexOf, pairOf } from './layout.js';
import type { Partition } from './layout.js';
import { nameIn, pack } from './text.js';
import type { Packed } from './text.js';
import type { Argument, Reply } from './wire.js';

/** A change as it was when it was asked for: what the caller does to its bytes or lists later does not matter. */
export interface Prepared {
  readonly change: Change;
  readonly entries: readonly (readonly [field: string, rest: Packed])[];
  readonly keys: readonly string[];
  readonly meta: { readonly data: Data; readonly packed: Packed } | undefined;
  readonly tags: Head['tags'] | undefined;
}

export function prepare(change: Change): Prepared {
  const { entries, head: { meta, tags } = {} } = change;
  return {
    change: { ...change, expect: change.expect === 'absent' ? 'absent' : { ...change.expect } },
    entries: entries.map(({ key, type, data }) => {
      const name = nameIn(key);
      return [`k${name}`, pack(`${nameIn(type)}\0${name}\0`, data)];
    }),
    keys: entries.map(({ key }) => key),
    meta: meta === undefined ? undefined : { data: copyData(meta), packed: pack('', meta) },
    tags: tags && Object.freeze({ ...tags }),
  };
}

/** What to send for a change, and the head that it makes when it is applied. */
export interface Plan {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  readonly after: Known;
}

/** The head before the first commit of a stream. */
export function nothingYet(id: string, { kind, name }: NonNullable<Change['create']>): Known {
  const none = { id, kind, name, version: 0, stamp: '', length: 0, status: '', owner: null, wakeAt: null, claims: 0 };
  return { head: { ...none, meta: '', tags: {} }, trimmed: 0 };
}

/** `before` is what the writer has seen. Undefined: not known here, so the script is only to judge and to show the head. */
export function plan(prepared: Prepared, partition: Partition, floor: number, stamp: string, before: Known | undefined): Plan {
  const { change, entries, meta } = prepared;
  const { id, expect, head: patch = {} } = change;
  const old = before ?? nothingYet(id, { kind: '', name: '' });
  const after = applied(prepared, old, stamp);
  const pair = pairOf(after.head.kind, after.head.name);
  const creates = expect === 'absent';
  const [out, put] = creates ? [[], members(after.head)] : difference(old.head, after.head);
  const guard = creates ? '' : before ? guardOf(expect) : '-';
  return {
    keys: [partition.stream(id), partition.record, partition.due(pair), partition.index],
    args: [
      ...[guard, floor, nameIn(id), packHead(after), wakeIn(patch.wake), meta?.packed ?? ''],
      ...[old.head.length, old.trimmed, after.trimmed, creates ? pair : '', entries.length, out.length, put.length],
      ...entries.flat(),
      ...out,
      ...put,
    ],
    after,
  };
}

function applied({ change, meta, tags }: Prepared, { head: old, trimmed }: Known, stamp: string): Known {
  const { head: patch = {}, entries, trimTo = 0 } = change;
  const head: Head = {
    ...old,
    version: old.version + 1,
    stamp,
    length: old.length + entries.length,
    status: patch.status ?? old.status,
    owner: patch.owner === undefined ? old.owner : patch.owner,
    claims: patch.claims ?? old.claims,
    meta: meta ? meta.data : old.meta,
    tags: tags ?? old.tags,
  };
  return { head, trimmed: Math.max(trimmed, Math.min(trimTo, head.length)) };
}

function wakeIn(wake: Wake | undefined): string {
  if (wake === undefined) return '';
  if (wake === null) return 'never';
  return 'at' in wake ? `=${wake.at}` : `+${wake.inMs}`;
}

/** All by which a stream is found in the index. */
export function members({ id, kind, name, status, tags }: Head): string[] {
  const tagged = Object.entries(tags).map(([key, value]) => indexOf.tag(key, value));
  return [indexOf.name(pairOf(kind, name)), indexOf.status(status), ...tagged].map((prefix) => prefix + nameIn(id));
}

function difference(old: Head, next: Head): [out: string[], put: string[]] {
  if (old.status === next.status && old.tags === next.tags) return [[], []];
  const [before, after] = [new Set(members(old)), new Set(members(next))];
  return [[...before].filter((member) => !after.has(member)), [...after].filter((member) => !before.has(member))];
}

/** What the script said of a change. */
export type Answer =
  | { readonly is: 'applied'; readonly known: Known; readonly at: number }
  | { readonly is: 'judged'; readonly judged: string; readonly there: Known | undefined };

export function answerOf(reply: Reply, { after }: Plan): Answer {
  const [done, ...rest] = reply as readonly Reply[];
  if (done === 1) {
    const [at, wake] = rest as [Buffer, Buffer];
    return { is: 'applied', known: { ...after, head: { ...after.head, wakeAt: wakeOf(wake) } }, at: Number(at.toString()) };
  }
  if (rest.length === 0) return { is: 'judged', judged: '', there: undefined };
  const [judged, ...fields] = rest as [Buffer, Buffer, Buffer, Buffer];
  return { is: 'judged', judged: judged.toString(), there: unpackHead(after.head.id, fields) };
}

/**
 * Why a change was not applied. Undefined: nothing stands in its way, and the head that it wants is the one that is there.
 * @throws ConflictError unless it is a repetition.
 */
export function judge({ change, keys }: Prepared, judged: string, there: Known | undefined): Commit | undefined {
  const { id, expect } = change;
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
