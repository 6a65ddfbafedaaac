import type { Claim, Renewal } from '@redress/core';
import { unpackHead } from './head.js';
import type { Known } from './head.js';
import { nameIn, nameOut } from './text.js';
import type { Partition } from './layout.js';
import { CLAIM, DUE, FIRST, RENEW } from './script.js';
import { grouped } from './space.js';
import type { Space } from './space.js';
import type { Reply } from './wire.js';

/** A stream that may be due. */
interface Candidate {
  readonly partition: Partition;
  readonly pair: string;
  readonly id: string;
  readonly at: number;
}

/** Claimers who always lose to others look again so often, and then leave it to them. */
const MOST_LOOKS = 20;

/** Takes what is due, over all partitions those due longest first. */
export async function claim(space: Space, wanted: Claim, stamp: () => string): Promise<Known[]> {
  const taken: Known[] = [];
  const pairs = await pairsOf(space, wanted);
  for (let look = 0; look < MOST_LOOKS && taken.length < wanted.limit; look += 1) {
    const limit = wanted.limit - taken.length;
    const candidates = await due(space, pairs, limit);
    if (candidates.length === 0) break;
    const { heads, lost } = await take(space, wanted, candidates, stamp);
    taken.push(...heads);
    if (lost === 0 || (heads.length === 0 && taken.length > 0)) break;
  }
  return taken;
}

async function pairsOf(space: Space, { kinds, names }: Pick<Claim, 'kinds' | 'names'>): Promise<readonly string[]> {
  const wanted = new Set(kinds.map(nameIn));
  if (names) return [...wanted].flatMap((kind) => [...new Set(names.map(nameIn))].map((name) => `${kind}\0${name}`));
  if (wanted.size === 0) return [];
  const used = (await space.sorts()).flatMap(({ sorts }) => sorts).filter(([kind]) => wanted.has(kind));
  return [...new Set(used.map(([kind, name]) => `${kind}\0${name}`))];
}

async function due(space: Space, pairs: readonly string[], limit: number): Promise<readonly Candidate[]> {
  if (pairs.length === 0) return [];
  const found = await Promise.all(
    space.groups().map(async (partitions) => {
      const sets = partitions.flatMap((partition) => pairs.map((pair) => ({ partition, pair })));
      const keys = [...partitions.map(({ record }) => record), ...sets.map(({ partition, pair }) => partition.due(pair))];
      const [now, ...lists] = (await space.run(DUE, partitions[0], keys, [space.floor, partitions.length, limit])) as Reply[];
      space.saw(now);
      return sets.flatMap(({ partition, pair }, i) => {
        const list = (lists[i] ?? []) as readonly Buffer[];
        return list.flatMap((id, at): Candidate[] => {
          if (at % 2 === 1) return [];
          return [{ partition, pair, id: nameOut(id.toString()), at: Number((list[at + 1] as Buffer).toString()) }];
        });
      });
    }),
  );
  return found
    .flat()
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

/** In how many milliseconds the first is due, by the clock of its own group of partitions. */
export async function dueIn(space: Space, wanted: Pick<Claim, 'kinds' | 'names'>): Promise<number | null> {
  const pairs = await pairsOf(space, wanted);
  if (pairs.length === 0) return null;
  const found = await Promise.all(
    space.groups().map(async (partitions) => {
      const sets = partitions.flatMap((partition) => pairs.map((pair) => partition.due(pair)));
      const keys = [...partitions.map(({ record }) => record), ...sets];
      const [now, first] = (await space.run(FIRST, partitions[0], keys, [space.floor, partitions.length])) as readonly Buffer[];
      const at = space.saw(now);
      return first && first.length > 0 ? Number(first.toString()) - at : Infinity;
    }),
  );
  const least = Math.min(...found);
  return least === Infinity ? null : least;
}

interface Taken {
  readonly heads: readonly Known[];
  /** How many somebody else had taken or moved. */
  readonly lost: number;
}

/** Each partition by itself. What some of them answer is kept when others do not. @throws when none answers. */
async function take(space: Space, wanted: Claim, candidates: readonly Candidate[], stamp: () => string): Promise<Taken> {
  const known = new Map<Candidate, Known>();
  const groups = grouped(candidates, ({ partition }) => partition);
  const results = await Promise.allSettled(
    [...groups].map(async ([partition, group]) => {
      const keys = group.flatMap(({ id, pair }) => [partition.stream(id), partition.due(pair)]);
      const args = group.flatMap(({ id, pair }) => [nameIn(id), pair, nameIn(stamp())]);
      const lease = [space.floor, nameIn(wanted.owner), wanted.leaseMs];
      const reply = await space.run(CLAIM, partition, [partition.record, ...keys], [...lease, ...args]);
      const [now, ...answers] = reply as readonly Reply[];
      space.saw(now);
      for (const [i, candidate] of group.entries()) {
        const fields = answers[i] as [Buffer, Buffer, Buffer] | null;
        if (fields) known.set(candidate, unpackHead(candidate.id, fields));
      }
    }),
  );
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed.length === results.length && failed[0]) throw failed[0].reason;
  const heads = candidates.flatMap((candidate) => known.get(candidate) ?? []);
  return { heads, lost: failed.length > 0 ? 0 : candidates.length - heads.length };
}

/** So many ids in one script: a longer one would keep Redis from serving others. */
const MOST_PER_SCRIPT = 500;

/** One script for each partition. `pairs` tells kind and name of a stream, as far as they are known. */
export async function renew(
  space: Space,
  owner: string,
  ids: readonly string[],
  leaseMs: number,
  pairOfId: (id: string) => string,
): Promise<Map<string, Renewal>> {
  const renewals = new Map<string, Renewal>();
  const found = new Map<string, string>();
  let left = [...new Set(ids)];
  while (left.length > 0) {
    const again: string[] = [];
    const groups = [...grouped(left, (id) => space.partition(id))].flatMap(([partition, all]) =>
      chunks(all).map((some) => [partition, some] as const),
    );
    await Promise.all(
      groups.map(async ([partition, some]) => {
        const asked = some.map((id) => ({ id, pair: found.get(id) ?? pairOfId(id) }));
        const keys = asked.flatMap(({ id, pair }) => [partition.stream(id), pair ? partition.due(pair) : partition.index]);
        const args = asked.flatMap(({ id, pair }) => [nameIn(id), pair]);
        const lease = [space.floor, nameIn(owner), leaseMs];
        const [now, ...answers] = (await space.run(RENEW, partition, [partition.record, ...keys], [...lease, ...args])) as Reply[];
        space.saw(now);
        for (const [i, id] of some.entries()) {
          const [version, holder, pair] = (answers[i] as readonly Buffer[] | null) ?? [];
          if (pair) {
            found.set(id, pair.toString());
            again.push(id);
          } else renewals.set(id, { id, owner: ownerOf(holder), version: version ? Number(version.toString()) : 0 });
        }
      }),
    );
    left = again;
  }
  return renewals;
}

function ownerOf(holder: Buffer | undefined): string | null {
  return holder && holder.length > 0 ? nameOut(holder.toString()) : null;
}

function chunks(ids: readonly string[]): readonly (readonly string[])[] {
  const parts: (readonly string[])[] = [];
  for (let i = 0; i < ids.length; i += MOST_PER_SCRIPT) parts.push(ids.slice(i, i + MOST_PER_SCRIPT));
  return parts;
}
