import type { Codec } from '../../base/codec.js';
import { decodeRecord, encodeRecord } from '../../base/codec.js';
import type { Data } from '../../base/store.js';

/** One answer from outside, as a replay needs it. */
export type Determinant =
  | readonly ['now', number]
  | readonly ['random', number]
  | readonly ['uuid', string]
  | readonly ['patched', string]
  /** Name, whether it was fulfilled, and with what. */
  | readonly ['effect', string, boolean, unknown]
  /** Sink and a digest of the body. */
  | readonly ['send', string, string];

/** What the log of a process holds. Positions count messages from 1. */
export type LogRecord =
  /** A message: position, sender, its number, type, body. */
  | readonly ['in', number, string, number, string, unknown]
  /** So far the handler of this message has come. */
  | readonly ['some', number, readonly Determinant[]]
  /** The handler of this message has returned; with what it took and gave since the last `some`. */
  | readonly ['done', number, readonly Determinant[]]
  /** All up to this one were handled or parked. */
  | readonly ['upto', number]
  /** The handler threw, for this many times now; so many of its determinants stand for the next attempt. */
  | readonly ['failed', number, number, number]
  /** Given up, and a dead letter. */
  | readonly ['parked', number, string]
  /** This message is the first to be handled after a crash. */
  | readonly ['again', number];

export function encode(codec: Codec, record: LogRecord): Data {
  return encodeRecord(codec, record);
}

export function decode(codec: Codec, data: Data): LogRecord {
  return decodeRecord([codec], data) as LogRecord;
}
