import { decodeRecord, encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';

/**
 * Makes copies of arguments as a replay will get them, each its own: what a body does to its input changes no other one.
 * @throws CodecError when they cannot be kept.
 */
export function copierOf(codecs: readonly Codec[], args: readonly unknown[]): () => readonly unknown[] {
  if (args.every(isConstant)) return () => [...args];
  const data = encodeRecord(codecs[0] as Codec, { args });
  return () => (decodeRecord(codecs, data) as { readonly args: readonly unknown[] }).args;
}

/** What every codec keeps, and nobody can change. */
function isConstant(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || (typeof value === 'number' && Number.isFinite(value));
}
