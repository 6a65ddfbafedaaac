import { StoreArgumentError } from '@redress/core';
import type { Head, Page, Query } from '@redress/core';
import type { Space } from './database.js';
import { copyHead } from './stream.js';

/** One page of heads. @throws StoreArgumentError when `after` is not a `next` of the same order. */
export function scanSpace(space: Space, query: Query, limit: number): Page {
  return query.order === 'wake' ? byWake(space, query, limit) : byId(space, query, limit);
}

function matches(head: Head, { kind, name, status, tag }: Query): boolean {
  return (
    (kind === undefined || head.kind === kind) &&
    (name === undefined || head.name === name) &&
    (status === undefined || status.includes(head.status)) &&
    (tag === undefined || (Object.hasOwn(head.tags, tag.key) && head.tags[tag.key] === tag.value))
  );
}

function byId(space: Space, query: Query, limit: number): Page {
  const ids = space.ids();
  const heads: Head[] = [];
  for (let i = query.after === undefined ? 0 : firstAfter(ids, query.after); i < ids.length; i += 1) {
    const head = space.streams.get(ids[i] as string)?.head;
    if (!head || !matches(head, query)) continue;
    if (heads.length === limit) return { heads, next: (heads.at(-1) as Head).id };
    heads.push(copyHead(head));
  }
  return { heads };
}

function firstAfter(ids: readonly string[], after: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] as string) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Place {
  readonly wakeAt: number;
  readonly id: string;
}

function compare(a: Place, b: Place): number {
  return a.wakeAt - b.wakeAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function byWake(space: Space, query: Query, limit: number): Page {
  const after = query.after === undefined ? undefined : place(query.after);
  const found: (Head & Place)[] = [];
  for (const { head } of space.streams.values()) {
    if (!isDueSometime(head) || !matches(head, query)) continue;
    if (!after || compare(head, after) > 0) found.push(head);
  }
  const heads = found.sort(compare).slice(0, limit);
  const last = heads.at(-1);
  const page = heads.map(copyHead);
  return last && found.length > limit ? { heads: page, next: `${last.wakeAt}:${last.id}` } : { heads: page };
}

function isDueSometime(head: Head): head is Head & Place {
  return head.wakeAt !== null;
}

function place(after: string): Place {
  const colon = after.indexOf(':');
  const wakeAt = Number(after.slice(0, colon));
  if (colon > 0 && Number.isFinite(wakeAt)) return { wakeAt, id: after.slice(colon + 1) };
  throw new StoreArgumentError(`after must be the next of a page in wake order; got ${JSON.stringify(after)}.`);
}
