import { StoreArgumentError } from '@redress/core';
import type { Head, Page, Query } from '@redress/core';
import { handedOut, unpackHead } from './head.js';
import { indexOf } from './layout.js';
import type { Partition } from './layout.js';
import { WAKES } from './script.js';
import type { Sort, Space } from './space.js';
import { nameIn, nameOut } from './text.js';

/** Where a stream stands in an order. `wakeAt` counts in wake order only. */
interface Place {
  readonly partition: Partition;
  readonly id: string;
  readonly wakeAt: number;
}

/** One range of one partition's index, read piece by piece. */
interface Range {
  /** Empty: there is no more. */
  read(count: number): Promise<readonly Place[]>;
}

const LEAST_PIECE = 16;

/** One page of heads, merged from all partitions. @throws StoreArgumentError when `after` is not a `next` of the same order. */
export async function scan(space: Space, query: Query, limit: number): Promise<Page> {
  const isByWake = query.order === 'wake';
  const ranges = isByWake ? await wakeRanges(space, query) : await idRanges(space, query);
  const found: { readonly place: Place; readonly head: Head }[] = [];
  const seen = new Set<string>();
  const merged = merge(ranges, Math.max(LEAST_PIECE, Math.ceil((limit + 1) / Math.max(ranges.length, 1)) * 2));
  while (found.length <= limit) {
    const places = await next(merged, limit + 1);
    if (places.length === 0) break;
    const heads = await Promise.all(places.map((place) => headAt(space, place)));
    for (const [i, place] of places.entries()) {
      const head = heads[i];
      // The index is read first and the head later: what has moved meanwhile is judged by its head.
      if (!head || seen.has(head.id) || !matches(head, query) || (isByWake && head.wakeAt !== place.wakeAt)) continue;
      seen.add(head.id);
      found.push({ place, head });
    }
  }
  const page = found.slice(0, limit);
  const heads = page.map(({ head }) => handedOut(head));
  const last = page.at(-1)?.place;
  if (!last || found.length <= limit) return { heads };
  return { heads, next: isByWake ? `${last.wakeAt}:${last.id}` : last.id };
}

async function headAt(space: Space, { partition, id }: Place): Promise<Head | undefined> {
  const reply = await space.wire.call(partition.number, 'hmget', partition.stream(id), 'h', 'w', 'm');
  const [h, w, m] = reply as readonly [Buffer | null, Buffer | null, Buffer | null];
  return h ? unpackHead(id, [h, w, m]).head : undefined;
}

function matches(head: Head, { kind, name, status, tag }: Query): boolean {
  if (kind !== undefined && head.kind !== kind) return false;
  if (name !== undefined && head.name !== name) return false;
  if (status !== undefined && !status.includes(head.status)) return false;
  return tag === undefined || (Object.hasOwn(head.tags, tag.key) && head.tags[tag.key] === tag.value);
}

/** By a tag, or by kind, name and status. */
async function idRanges(space: Space, query: Query): Promise<readonly Range[]> {
  const { tag, after } = query;
  if (tag) return space.partitions.map((partition) => idRange(space, partition, indexOf.tag(tag.key, tag.value), after));
  const used = await usedSorts(space, query);
  return used.flatMap(({ partition, sorts }) => sorts.map((sort) => idRange(space, partition, indexOf.sort(sort.join('\0')), after)));
}

async function usedSorts(space: Space, { kind, name, status }: Query): ReturnType<Space['sorts']> {
  const isOneOf = (part: string, wanted: readonly string[] | undefined): boolean => !wanted || wanted.map(nameIn).includes(part);
  const fits = ([itsKind, itsName, itsStatus]: Sort): boolean =>
    isOneOf(itsKind, kind === undefined ? kind : [kind]) &&
    isOneOf(itsName, name === undefined ? name : [name]) &&
    isOneOf(itsStatus, status);
  return (await space.sorts()).map(({ partition, sorts }) => ({ partition, sorts: sorts.filter(fits) }));
}

function idRange(space: Space, partition: Partition, prefix: string, after: string | undefined): Range {
  let from = after === undefined ? `[${prefix}` : `(${prefix}${nameIn(after)}`;
  // A prefix ends with NUL, which no id holds.
  const end = `(${prefix.slice(0, -1)}\u0001`;
  return {
    async read(count) {
      const reply = await space.wire.call(partition.number, 'zrange', partition.index, from, end, 'BYLEX', 'LIMIT', 0, count);
      const members = (reply as readonly Buffer[]).map((member) => member.toString());
      const last = members.at(-1);
      if (last !== undefined) from = `(${last}`;
      return members.map((member) => ({ partition, id: nameOut(member.slice(prefix.length)), wakeAt: 0 }));
    },
  };
}

async function wakeRanges(space: Space, query: Query): Promise<readonly Range[]> {
  const after = query.after === undefined ? undefined : placeOf(query.after);
  const used = await usedSorts(space, query);
  return used.flatMap(({ partition, sorts }) => {
    const pairs = new Set(sorts.map(([kind, name]) => `${kind}\0${name}`));
    return [...pairs].map((pair) => wakeRange(space, partition, partition.due(pair), after));
  });
}

function wakeRange(space: Space, partition: Partition, due: string, after: Omit<Place, 'partition'> | undefined): Range {
  const from = after ? String(after.wakeAt) : '-inf';
  let offset = 0;
  return {
    async read(count) {
      for (;;) {
        const reply = (await space.run(WAKES, partition, [due], [from, offset, count])) as readonly Buffer[];
        const texts = reply.map((part) => part.toString());
        const places: Place[] = [];
        for (let i = 0; i < texts.length; i += 2) {
          const [id, wakeAt] = [nameOut(texts[i] as string), Number(texts[i + 1])];
          if (!after || compare({ id, wakeAt }, after) > 0) places.push({ partition, id, wakeAt });
        }
        offset += reply.length / 2;
        if (places.length > 0 || reply.length === 0) return places;
      }
    },
  };
}

function compare(a: Omit<Place, 'partition'>, b: Omit<Place, 'partition'>): number {
  return a.wakeAt - b.wakeAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function placeOf(after: string): Omit<Place, 'partition'> {
  const colon = after.indexOf(':');
  const wakeAt = Number(after.slice(0, colon));
  if (colon > 0 && Number.isFinite(wakeAt)) return { wakeAt, id: after.slice(colon + 1) };
  throw new StoreArgumentError(`after must be the next of a page in wake order; got ${JSON.stringify(after)}.`);
}

/** The places of all ranges in one order. Ranges that have run dry are read together, in one turn. */
async function* merge(ranges: readonly Range[], piece: number): AsyncGenerator<Place, void> {
  let open = ranges.map((range) => ({ range, places: [] as readonly Place[], at: 0 }));
  while (open.length > 0) {
    const dry = open.filter(({ places, at }) => at === places.length);
    const read = await Promise.all(dry.map(({ range }) => range.read(piece)));
    for (const [i, one] of dry.entries()) [one.places, one.at] = [read[i] ?? [], 0];
    open = open.filter(({ places }) => places.length > 0);
    while (open.length > 0 && open.every(({ places, at }) => at < places.length)) {
      const first = open.reduce((least, one) => (compare(one.places[one.at] as Place, least.places[least.at] as Place) < 0 ? one : least));
      yield first.places[first.at++] as Place;
    }
  }
}

async function next(places: AsyncGenerator<Place, void>, count: number): Promise<readonly Place[]> {
  const some: Place[] = [];
  while (some.length < count) {
    const { value, done } = await places.next();
    if (done) break;
    some.push(value);
  }
  return some;
}
