import type { Data } from '../../base/store.js';
import { CodecError } from '../../base/errors.js';
import { UnsupportedValueError } from './errors.js';
import type { StateCodec } from './v8-codec.js';

/** `new`: what was there is gone; `put`: in its place; `add`: at the end; `del`: a list of keys. */
export type Op = 'new' | 'put' | 'add' | 'del';

/** A part of a state, or of a change to it: keys and values in turns; of a `del` keys alone. */
export interface Block {
  readonly part: string;
  readonly op: Op;
  readonly items: readonly unknown[];
}

/** Blocks are bytes with their length in front, so that they can be made, and read, one by one. */
export function frame(codec: StateCodec, block: Block): readonly Uint8Array[] {
  try {
    return [framed(codec.encode([block.part, block.op, block.items]))];
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return oneByOne(codec, block, error);
  }
}

/** Finds which value it was; when each can be encoded by itself, they are. */
function oneByOne(codec: StateCodec, { part, op, items }: Block, error: CodecError): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  const step = op === 'del' ? 1 : 2;
  if (items.length <= step && op === 'del') throw error;
  for (let i = 0; i < items.length; i += step) {
    const path = pathOf(part, items[i]);
    try {
      codec.encode(items[i + 1], path);
    } catch (cause) {
      if (cause instanceof UnsupportedValueError || !(cause instanceof CodecError)) throw cause;
      throw new UnsupportedValueError('not for this codec', `${path}${cause.path}`, cause.message, cause);
    }
    frames.push(framed(codec.encode([part, op, items.slice(i, i + step)])));
  }
  return frames;
}

function pathOf(part: string, key: unknown): string {
  if (part === '') return String(key);
  return typeof key === 'number' ? `${part}[${key}]` : `${part}.get(${typeof key === 'string' ? JSON.stringify(key) : String(key)})`;
}

function framed(data: Data): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const out = Buffer.allocUnsafe(4 + bytes.length);
  out.writeUInt32BE(bytes.length, 0);
  out.set(bytes, 4);
  return out;
}

/** @throws CodecError when the bytes are no blocks of this codec. */
export function* readFrames(codec: StateCodec, bytes: Uint8Array): Generator<Block> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < all.length;) {
    const length = at + 4 <= all.length ? all.readUInt32BE(at) : Infinity;
    if (at + 4 + length > all.length) throw new CodecError('The state ends in the middle.', '');
    const data = all.subarray(at + 4, at + 4 + length);
    const [part, op, items] = codec.decode(codec.name === 'v8' ? data : data.toString()) as [string, Op, unknown[]];
    yield { part, op, items };
    at += 4 + length;
  }
}

/** The parts of a state, by name, as maps. */
export type State = Map<string, Map<unknown, unknown>>;

/** Applies blocks to a state. */
export function apply(state: State, blocks: Iterable<Block>): void {
  for (const { part, op, items } of blocks) {
    let map = state.get(part);
    if (!map || op === 'new') state.set(part, (map = new Map()));
    if (op === 'del') {
      for (const key of items) map.delete(key);
      continue;
    }
    for (let i = 0; i < items.length; i += 2) {
      if (op === 'add') map.delete(items[i]);
      map.set(items[i], items[i + 1]);
    }
  }
}
