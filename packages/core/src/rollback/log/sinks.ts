import { createCodec, decodeRecord, encodeRecord } from '../../base/codec.js';
import type { Codec } from '../../base/codec.js';
import { ConflictError } from '../../base/errors.js';
import type { Data, Head, Store } from '../../base/store.js';
import { OutputDivergenceError } from './errors.js';
import type { Output, Sink } from './types.js';

export interface StreamSinkOptions {
  /** Default: `createCodec()`. */
  readonly codec?: Codec;
  /** Of the stream. Default: `outputs`. */
  readonly kind?: string;
}

/**
 * A sink that appends each output to a stream of a store, under its key: the append and its being known are one act, so each
 * output is there exactly once. Several processes may share a stream.
 * `deliver` throws OutputDivergenceError when an output comes again with another body.
 */
export function streamSink(store: Store, stream: string, options: StreamSinkOptions = {}): Sink {
  const { codec = createCodec(), kind = 'outputs' } = options;
  let head: Head | undefined;

  const append = async (outputs: readonly Output[]): Promise<void> => {
    const entries = outputs.map(({ key, from, sequence, body }) => ({
      key,
      type: 'output',
      data: encodeRecord(codec, { from, sequence, body }),
    }));
    head ??= (await store.load(stream, { limit: 0 }))?.head;
    const create = { kind, name: stream };
    const change = head
      ? { id: stream, expect: { version: head.version, stamp: head.stamp }, entries }
      : { id: stream, expect: 'absent' as const, create, entries };
    ({ head } = await store.commit(change));
  };

  const settle = async (outputs: readonly Output[]): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await append(outputs);
      } catch (error) {
        head = undefined;
        if (!(error instanceof ConflictError)) throw error;
        const isAboutKeys = error.reason === 'key' || error.reason === 'trimmed';
        // Some are there and some are not: each by itself.
        if (isAboutKeys && outputs.length > 1) {
          for (const output of outputs) await settle([output]);
          return;
        }
        const [output] = outputs as readonly [Output];
        if (error.reason === 'trimmed') return;
        if (isAboutKeys) throw new OutputDivergenceError(output.from, output.key, error);
        if (tries >= 50) throw error;
      }
    }
  };
  return { kind: 'transactional', deliver: settle };
}

/** What a `streamSink` has written. @throws CodecError when an entry was not written by one. */
export function outputOf(entry: { readonly key: string; readonly data: Data }, codec: Codec = createCodec()): Output {
  const { from, sequence, body } = decodeRecord([codec], entry.data) as Omit<Output, 'key'>;
  return { key: entry.key, from, sequence, body };
}
