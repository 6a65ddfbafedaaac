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
}

export interface TentativeState extends StateMeta {
  readonly group: string;
  /** Named parts: the state, and what else a member keeps with it. */
  readonly parts: readonly Data[];
}

/** Writes what a member is to go back to, in a stream of its own: chunks first, and whole with the last of them. */
export async function writeState(store: Store, state: TentativeState, graceMs: number): Promise<StateRef> {
  const { group, process, round, epoch, parts } = state;
  const id = ['round-state', group, process, epoch, round].map(encodeURIComponent).join('/');
  const pieces = parts.flatMap((part, at) => chunks(part).map((data) => ({ type: `${at}`, data })));
  const entries = pieces.map((piece, i) => ({ ...piece, key: `${i}` }));
  const sum = entries.reduce<number>((total, { data }) => crc32(data, total), 0);
  let head: Head | undefined;
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const some = entries.slice(at, at + AT_ONCE);
    const status = at + AT_ONCE >= entries.length ? 'whole' : 'tentative';
    // Due when nobody can refer to it any more, so that the sweeper finds it.
    const patch = { status, meta: JSON.stringify({ round, epoch, process }), wake: { inMs: graceMs } };
    const change = head
      ? { id, expect: { version: head.version, stamp: head.stamp }, entries: some, head: patch }
      : { id, expect: 'absent' as const, create: { kind: KIND, name: group }, entries: some, head: patch };
    ({ head } = await store.commit(change));
  }
  return { stream: id, sum };
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
