import { crc32 } from 'node:zlib';
import type { Data, Head, Store } from '../../base/store.js';
import { chunks, joined } from '../chunks.js';
import type { ProcessId } from '../words.js';
import { RoundStateError } from './errors.js';
import type { StateRef } from './register.js';

/** Of the streams. */
export const KIND = 'round-state';
/** So many chunks go into one commit. */
const AT_ONCE = 4;

export interface StateMeta {
  readonly round: number;
  readonly epoch: number;
  readonly process: ProcessId;
  readonly life: string;
}

/** A state that is there to its end. */
export interface FoundState extends StateMeta {
  readonly state: StateRef;
}

export interface TentativeState extends StateMeta {
  readonly group: string;
  /** Named parts: the state, and what else a member keeps with it. */
  readonly parts: readonly Data[];
}

/** Writes what a member is to go back to, in a stream of its own: chunks first, and whole with the last of them. */
export async function writeState(store: Store, state: TentativeState, graceMs: number): Promise<readonly [StateRef, Head]> {
  const { group, process, life, round, epoch, parts } = state;
  const id = streamOf(group, process, epoch, round);
  const pieces = parts.flatMap((part, at) => chunks(part).map((data) => ({ type: `${at}`, data })));
  const entries = pieces.map((piece, i) => ({ ...piece, key: `${i}` }));
  const sum = entries.reduce<number>((total, { data }) => crc32(data, total), 0);
  let head: Head | undefined;
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const some = entries.slice(at, at + AT_ONCE);
    const status = at + AT_ONCE >= entries.length ? 'whole' : 'tentative';
    const meta = JSON.stringify({ round, epoch, process, life, sum });
    // Due when nobody can refer to it any more, so that the sweeper finds it.
    // Owned, so that nobody is told of it and the store remembers its head until it is forgotten.
    const patch = { status, meta, owner: life, wake: { inMs: graceMs } };
    const change = head
      ? { id, expect: { version: head.version, stamp: head.stamp }, entries: some, head: patch }
      : { id, expect: 'absent' as const, create: { kind: KIND, name: group }, entries: some, head: patch };
    ({ head } = await store.commit(change));
  }
  return [{ stream: id, sum }, head as Head];
}

function streamOf(group: string, process: ProcessId, epoch: number, round: number): string {
  return ['round-state', group, process, epoch, round].map(encodeURIComponent).join('/');
}

/** The state that a member has written for a round, when it is there to its end. */
export async function findState(
  store: Store,
  group: string,
  process: ProcessId,
  epoch: number,
  round: number,
): Promise<FoundState | undefined> {
  const head = (await store.load(streamOf(group, process, epoch, round), { limit: 0 }))?.head;
  if (head?.status !== 'whole') return undefined;
  const { sum, ...rest } = JSON.parse(String(head.meta)) as StateMeta & { readonly sum: number };
  return { ...rest, state: { stream: head.id, sum } };
}

/** The parts of a state. @throws RoundStateError when it is not there, or not as it was written. */
export async function readState(store: Store, group: string, process: ProcessId, round: number, ref: StateRef): Promise<readonly Data[]> {
  const loaded = await store.load(ref.stream);
  const wrong = (why: string): RoundStateError => new RoundStateError(group, process, round, why);
  if (!loaded) throw wrong('it is not there');
  if (loaded.head.status !== 'whole') throw wrong('it was not written to its end');
  const sum = loaded.entries.reduce<number>((total, { data }) => crc32(data, total), 0);
  if (sum !== ref.sum) throw wrong('it has another checksum');
  const parts: Data[][] = [];
  for (const { type, data } of loaded.entries) (parts[Number(type)] ??= []).push(data);
  return parts.map(joined);
}
