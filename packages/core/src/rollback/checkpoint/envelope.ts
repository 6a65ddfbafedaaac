import { createHash } from 'node:crypto';
import type { Data, NewEntry } from '../../base/store.js';
import { FutureVersionError } from './errors.js';
import type { DependencyVector } from '../words.js';

/** The largest piece in which a state is stored. */
export const CHUNK_BYTES = 256 * 1024;
const FORMAT = 1;

/** What is kept beside the bytes of a checkpoint. */
export interface Envelope {
  readonly format: number;
  readonly number: number;
  /** A whole state, or what has changed since the checkpoint before in the same chain. */
  readonly kind: 'base' | 'delta';
  /** Number of the base that it stands on; its own for a base. */
  readonly chain: number;
  /** The checkpoint whose state it came from; 0: the initial state. */
  readonly after: number;
  /** For a rollback: whose state it has. */
  readonly to?: number;
  readonly holder: string;
  readonly codec: string;
  /** The format of V8, where the codec is `v8`. */
  readonly wire?: number;
  readonly schemaVersion: number;
  readonly fingerprint: string;
  readonly incarnation: number;
  /** Of the message log: all before it is in the state. */
  readonly logPosition?: number;
  readonly vector?: DependencyVector;
  /** Wall clock of the writer. */
  readonly at: number;
  readonly bytes: number;
  readonly chunks: number;
  readonly sum: string;
}

/** A checkpoint that was saved, or one that has the state of the one before, whole, so that restores are short. */
export type EnvelopeType = 'checkpoint.saved' | 'checkpoint.compacted';
export const CHUNK = 'checkpoint.chunk';

export const chunkKey = (number: number, index: number): string => `c${number}/${index}`;
export const envelopeKey = (number: number): string => `c${number}`;

/** The number in a key of either kind. */
export function numberIn(key: string): number {
  return Number(/^c(\d+)/.exec(key)?.[1] ?? 0);
}

export function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that come frame by frame, in pieces to be stored, with their sum. */
export class Payload {
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  private readonly hash = createHash('sha256');
  private piece: Uint8Array[] = [];
  private filled = 0;

  add(frame: Uint8Array): void {
    this.hash.update(frame);
    this.bytes += frame.length;
    for (let rest = frame; rest.length > 0;) {
      const part = rest.subarray(0, CHUNK_BYTES - this.filled);
      this.piece.push(part);
      this.filled += part.length;
      rest = rest.subarray(part.length);
      if (this.filled === CHUNK_BYTES) this.cut();
    }
  }

  private cut(): void {
    this.chunks.push(Buffer.concat(this.piece));
    this.piece = [];
    this.filled = 0;
  }

  /** The sum of all; nothing is added any more. */
  end(): string {
    if (this.filled > 0) this.cut();
    return this.hash.digest('hex');
  }

  entries(number: number): readonly NewEntry[] {
    return this.chunks.map((data, i) => ({ key: chunkKey(number, i), type: CHUNK, data }));
  }
}

export function envelopeEntry(type: EnvelopeType, envelope: Omit<Envelope, 'format'>): NewEntry {
  const json = JSON.stringify({ format: FORMAT, ...envelope });
  return { key: envelopeKey(envelope.number), type, data: `${sumOf(Buffer.from(json)).slice(0, 16)} ${json}` };
}

/** Undefined when it is damaged. @throws FutureVersionError when newer code wrote it. */
export function readEnvelope(holder: string, data: Data): Envelope | undefined {
  const text = typeof data === 'string' ? data : Buffer.from(data).toString();
  const json = text.slice(17);
  if (text.slice(0, 16) !== sumOf(Buffer.from(json)).slice(0, 16)) return undefined;
  const envelope = JSON.parse(json) as Envelope;
  if (envelope.format > FORMAT) throw new FutureVersionError(holder, 'the format', envelope.format, FORMAT);
  return envelope;
}
