import type { Entry } from '../../base/store.js';
import { chunkKey, CHUNK, numberIn, readEnvelope, sumOf } from './envelope.js';
import type { Envelope } from './envelope.js';

/** A checkpoint as it lies in the stream. */
export interface Kept {
  readonly number: number;
  /** It has the state of the one before. */
  readonly isCompacted: boolean;
  /** Index of its first entry. */
  readonly first: number;
  /** Undefined: damaged. */
  readonly envelope: Envelope | undefined;
}

/** What the stream of one holder has, in the order of its coming; bytes only while a restore needs them. */
export class Archive {
  readonly kept: Kept[] = [];
  /** Every number that was ever used, by what was kept or by an attempt that was not finished. */
  highest = 0;
  private readonly chunks = new Map<string, Uint8Array>();
  private readonly firsts = new Map<number, number>();
  /** Looked at once: the sum of a large state takes a while. */
  private readonly judged = new Map<Kept, Uint8Array | undefined>();

  constructor(private readonly holder: string) {}

  read(entry: Entry): void {
    const number = numberIn(entry.key);
    this.highest = Math.max(this.highest, number);
    if (!this.firsts.has(number)) this.firsts.set(number, entry.index);
    if (entry.type === CHUNK) {
      this.chunks.set(entry.key, typeof entry.data === 'string' ? Buffer.from(entry.data) : entry.data);
    } else if (entry.type === 'checkpoint.saved' || entry.type === 'checkpoint.compacted') {
      const envelope = readEnvelope(this.holder, entry.data);
      this.kept.push({
        number,
        isCompacted: entry.type === 'checkpoint.compacted',
        first: this.firsts.get(number) ?? entry.index,
        envelope,
      });
    }
  }

  /** Keeps what stands, without the bytes. */
  release(): void {
    this.chunks.clear();
    this.firsts.clear();
    this.judged.clear();
  }

  add(kept: Kept): void {
    this.kept.push(kept);
    this.highest = Math.max(this.highest, kept.number);
  }

  find(number: number): Kept | undefined {
    return this.kept.find((one) => one.number === number);
  }

  get newest(): Kept | undefined {
    return this.kept.at(-1);
  }

  /** The bytes of one checkpoint; undefined when something of it is missing or damaged. */
  bytes(kept: Kept): Uint8Array | undefined {
    if (!this.judged.has(kept)) this.judged.set(kept, this.judge(kept));
    return this.judged.get(kept);
  }

  private judge({ envelope }: Kept): Uint8Array | undefined {
    if (!envelope) return undefined;
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < envelope.chunks; i++) {
      const piece = this.chunks.get(chunkKey(envelope.number, i));
      if (!piece) return undefined;
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    return bytes.length === envelope.bytes && sumOf(bytes) === envelope.sum ? bytes : undefined;
  }

  /**
   * What leads to the state of a checkpoint, a whole one first. Where that is damaged and was made of the one before, that
   * one and what leads to it.
   */
  path(target: Kept): readonly Uint8Array[] | undefined {
    const own = this.bytes(target);
    if (target.envelope?.kind === 'base' && own) return [own];
    const at = this.kept.indexOf(target);
    const before = this.kept[at - 1];
    // A compacted one, damaged as it is, has the state of the one before.
    if (target.isCompacted) return before && this.path(before);
    if (!own || target.envelope?.kind !== 'delta' || !before) return undefined;
    const earlier = this.path(before);
    return earlier && [...earlier, own];
  }
}
