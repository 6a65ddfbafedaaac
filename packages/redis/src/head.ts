import type { Data, Expectation, Head } from '@redress/core';
import { nameIn, nameOut, unpack } from './text.js';

/** A head, and what only the adapter knows of its stream. */
export interface Known {
  readonly head: Head;
  /** The first index whose entry is kept. */
  readonly trimmed: number;
  /** What of the stored head only a new status or new tags change. */
  readonly fixed: string;
}

const NO_TAGS = Object.freeze({});

/** The beginning of a stored head, by which scripts judge the guard. */
export function guardOf(expect: Exclude<Expectation, 'absent'>): string {
  return `${expect.version}\0${nameIn(expect.stamp)}\0`;
}

/**
 * A head as it is stored, but for `wakeAt` and `meta`, which have fields of their own. Scripts rewrite what stands before
 * `length`, and read the rest as it is.
 */
export function packHead({ head, trimmed, fixed }: Known): string {
  const { version, stamp, claims, owner, length } = head;
  return `${version}\0${nameIn(stamp)}\0${claims}\0${owner === null ? '' : nameIn(owner)}\0${length}\0${trimmed}\0${fixed}`;
}

export function fixedOf({ kind, name, status, tags }: Pick<Head, 'kind' | 'name' | 'status' | 'tags'>): string {
  const tagged = hasTags(tags) ? `,${JSON.stringify(tags)}` : '';
  return `${nameIn(kind)}\0${nameIn(name)}\0[${JSON.stringify(status)}${tagged}]`;
}

function hasTags(tags: Head['tags']): boolean {
  for (const _key in tags) return true;
  return false;
}

/** From the fields `h`, `w` and `m` of a stream. */
export function unpackHead(id: string, fields: readonly [Buffer, Buffer | null, Buffer | null]): Known {
  const [h, w, m] = fields;
  const parts = h.toString().split('\0');
  const text = (at: number): string => parts[at] as string;
  const [status, tags] = JSON.parse(text(8)) as [string, Head['tags']?];
  const head: Head = {
    id,
    kind: nameOut(text(6)),
    name: nameOut(text(7)),
    version: Number(text(0)),
    stamp: nameOut(text(1)),
    length: Number(text(4)),
    status,
    owner: text(3) === '' ? null : nameOut(text(3)),
    wakeAt: wakeOf(w),
    claims: Number(text(2)),
    meta: m === null || m.length === 0 ? '' : unpack(m),
    tags: tags ? Object.freeze(tags) : NO_TAGS,
  };
  return { head, trimmed: Number(text(5)), fixed: parts.slice(6).join('\0') };
}

/** `null` and the empty text stand for never. */
export function wakeOf(stored: Buffer | string | null): number | null {
  return stored === null || stored.length === 0 ? null : Number(stored.toString());
}

export function copyData(data: Data): Data {
  return typeof data === 'string' ? data : Uint8Array.prototype.slice.call(data);
}

/** For callers: bytes are copied, since heads are remembered. Text is theirs to read only, as their type says. */
export function handedOut(head: Head): Head {
  return typeof head.meta === 'string' ? head : { ...head, meta: copyData(head.meta) };
}
