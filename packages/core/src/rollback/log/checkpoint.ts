import { crc32 } from 'node:zlib';
import type { Codec } from '../../base/codec.js';
import { decodeRecord, encodeRecord } from '../../base/codec.js';
import type { Data, Entry } from '../../base/store.js';
import { chunks, joined } from '../chunks.js';
import type { Extra } from './batch.js';
import type { Seen } from './dedupe.js';
import type { OutboxState } from './outbox.js';

/** So much of a state is written in one commit. */
const MOST_CHUNKS = 4;

/** All that a process is after some message. */
export interface Snapshot {
  /** Of the last message that is in it. */
  readonly position: number;
  readonly state: Data;
  readonly seen: Seen;
  readonly outbox: OutboxState;
}

/** Where a checkpoint lies. */
export interface Place {
  readonly position: number;
  /** Index of its manifest, of its first chunk, and of the first entry with something that is not in it. */
  readonly manifest: number;
  readonly first: number;
  readonly from: number;
}

interface Manifest {
  readonly position: number;
  readonly state: number;
  readonly rest: number;
  readonly sum: number;
  readonly from: number;
}

/** A checkpoint as commits: chunks first, the manifest last. `onPlaced` says where it lies, just before the last commit. */
export function written(
  codec: Codec,
  snapshot: Snapshot,
  from: () => number | undefined,
  onPlaced: (place: Place) => { readonly trimTo: number; readonly more?: readonly { readonly type: string; readonly data: Data }[] },
): readonly Extra[] {
  const state = chunks(snapshot.state);
  const rest = chunks(encodeRecord(codec, [snapshot.seen, snapshot.outbox]));
  const pieces = [...state, ...rest];
  const sum = sumOf(pieces);
  let first: number | undefined;
  const commits: Extra[] = [];
  for (let at = 0; at < pieces.length; at += MOST_CHUNKS) {
    const some = pieces.slice(at, at + MOST_CHUNKS).map((data) => ({ type: 'chunk', data }));
    const isLast = at + MOST_CHUNKS >= pieces.length;
    commits.push((index) => {
      first ??= index;
      if (!isLast) return { entries: some };
      const manifest: Manifest = {
        position: snapshot.position,
        state: state.length,
        rest: rest.length,
        sum,
        from: Math.min(from() ?? first, first),
      };
      const place: Place = { position: manifest.position, manifest: index + some.length, first, from: manifest.from };
      const { trimTo, more = [] } = onPlaced(place);
      const entries = [...some, { type: 'checkpoint', data: JSON.stringify(manifest) }, ...more];
      return { entries, trimTo };
    });
  }
  return commits;
}

function sumOf(pieces: readonly Data[]): number {
  return pieces.reduce<number>((sum, piece) => crc32(piece, sum), 0);
}

/** The checkpoint that lies there. @throws Error that says what is wrong with it. */
export function read(codec: Codec, place: Place, entries: readonly Entry[]): Snapshot {
  const last = entries.at(-1);
  if (last?.index !== place.manifest || last.type !== 'checkpoint') throw new Error(`there is no checkpoint at entry ${place.manifest}`);
  const manifest = JSON.parse(String(last.data)) as Manifest;
  // Records that others asked for meanwhile may stand between the chunks.
  const pieces = entries.filter(({ type }) => type === 'chunk').map(({ data }) => data);
  const own = pieces.slice(-(manifest.state + manifest.rest));
  if (own.length !== manifest.state + manifest.rest) throw new Error(`the checkpoint at entry ${place.manifest} lacks chunks`);
  if (sumOf(own) !== manifest.sum) throw new Error(`the checkpoint at entry ${place.manifest} has another checksum`);
  const [seen, outbox] = decodeRecord([codec], joined(own.slice(manifest.state))) as readonly [Seen, OutboxState];
  return { position: manifest.position, state: joined(own.slice(0, manifest.state)), seen, outbox };
}
