import { isProxy } from 'node:util/types';
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';
import type { Codec } from '../../base/codec.js';
import type { CodecType } from '../../base/codec-tree.js';
import { CodecError, messageOf } from '../../base/errors.js';
import type { Data } from '../../base/store.js';
import { UnsupportedValueError } from './errors.js';
import { applyNotes, takeNotes } from './notes.js';
import type { Note } from './notes.js';
import { REGISTER, ValueWalk } from './value-walk.js';

const PLAIN = 0;
const NOTED = 1;
/** So many objects are looked at for a proxy. */
const MOST = 1_000;

/** A codec that says where in a state the value stands. */
export interface StateCodec extends Codec {
  encode(value: unknown, path?: string): Data;
  /** The format of what it writes, where it has one: data of a later one is not read. */
  readonly wire?: number;
}

const readView = (DefaultDeserializer.prototype as unknown as { _readHostObject(): ArrayBufferView })._readHostObject;

/** Bytes that are handed out belong to whoever gets them, not to what is stored. */
class CopyingDeserializer extends DefaultDeserializer {
  /** V8 calls it for each view; the types of Node leave it out. */
  protected _readHostObject(): unknown {
    const view = readView.call(this);
    if (Buffer.isBuffer(view)) return Buffer.from(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    if (view instanceof DataView) return new DataView(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    return (view as Uint8Array).slice();
  }
}

/** The format of V8 on this Node. */
export const WIRE = wireOf(serialize(null));

function serialize(value: unknown): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function wireOf(bytes: Uint8Array): number {
  return bytes[0] === 0xff ? (bytes[1] ?? 0) : 0;
}

/** What V8 clones, in its own format, with notes for the classes of `types`; what would come back changed is refused with its path. */
export function v8Codec(types: readonly CodecType[] = []): StateCodec {
  return {
    name: 'v8',
    wire: WIRE,
    encode(value, path = '') {
      try {
        const walk = new ValueWalk(types);
        walk.walk(value, path);
        const bytes = serialize(walk.needsNotes ? takeNotes(value, types, path) : value);
        return Buffer.concat([bytes, Buffer.of(walk.needsNotes ? NOTED : PLAIN)]);
      } catch (error) {
        if (error instanceof CodecError) throw error;
        const proxy = pathOfProxy(value, path, new Set());
        if (proxy !== undefined) throw new UnsupportedValueError('a Proxy', proxy, REGISTER, error);
        throw new UnsupportedValueError(`nothing that V8 can clone (${messageOf(error)})`, path, REGISTER, error);
      }
    },
    decode(data) {
      if (typeof data === 'string') throw new CodecError('Text is no record of the codec "v8".', '');
      try {
        const deserializer = new CopyingDeserializer(data.subarray(0, -1));
        deserializer.readHeader();
        const value = deserializer.readValue() as unknown;
        if (data[data.length - 1] === PLAIN) return value;
        const [tree, notes] = value as readonly [unknown, readonly Note[]];
        return applyNotes(tree, notes, types);
      } catch (error) {
        if (error instanceof CodecError) throw error;
        throw new CodecError(`This is no record of the codec "v8" (${messageOf(error)}).`, '', error);
      }
    },
  };
}

/** V8 refuses proxies by itself, and does not say where. */
function pathOfProxy(value: unknown, path: string, met: Set<object>): string | undefined {
  if (typeof value !== 'object' || value === null || met.has(value) || met.size > MOST) return undefined;
  if (isProxy(value)) return path;
  met.add(value);
  for (const [key, inner] of value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)) {
    const found = pathOfProxy(inner, path === '' ? String(key) : `${path}.${String(key)}`, met);
    if (found !== undefined) return found;
  }
  return undefined;
}
