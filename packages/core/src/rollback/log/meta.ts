import type { Place } from './checkpoint.js';
import { LogCorruptError } from './errors.js';

const FORMAT = 1;

/** What stands in the head of a log's stream. */
export interface LogMeta {
  /** Grows with each opening. */
  readonly incarnation: number;
  /** The newest last. */
  readonly places: readonly Place[];
  /** For each sink the number of the last output that has arrived. */
  readonly confirmed: Readonly<Record<string, number>>;
}

export function writeMeta(meta: LogMeta): string {
  return JSON.stringify({ format: FORMAT, ...meta });
}

/** @throws LogCorruptError when another release wrote it, or nobody of ours. */
export function readMeta(process: string, text: string): LogMeta {
  let meta: LogMeta & { readonly format?: number };
  try {
    meta = JSON.parse(text) as typeof meta;
  } catch (error) {
    throw new LogCorruptError(process, 'the head of its stream is not of a log', error);
  }
  if (meta.format !== FORMAT)
    throw new LogCorruptError(process, `it was written in format ${String(meta.format)}; this release knows ${FORMAT}`);
  return meta;
}
