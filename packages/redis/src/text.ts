import type { Data } from '@redress/core';

/*
 * Redis keeps bytes and sorts by them. Text goes there as UTF-8, which spoils lone surrogates and sorts code units above
 * U+D7FF otherwise than JavaScript does. In names such code units are written as two, which keeps both text and order.
 */
const RARE = /[\ud800-\uffff]/;
const RARE_ALL = /[\ud800-\uffff]/g;
const WRITTEN = /[\ue000\ue001]([^])/g;
const FIRST_MARK = '\ue000';
const SHIFT = 0xd700;

/** A name (id, key, owner …) as it is sent. Almost always itself. */
export function nameIn(name: string): string {
  if (!RARE.test(name)) return name;
  return name.replace(RARE_ALL, (unit) =>
    unit < FIRST_MARK ? FIRST_MARK + String.fromCharCode(unit.charCodeAt(0) - SHIFT) : `\ue001${unit}`,
  );
}

export function nameOut(stored: string): string {
  if (!RARE.test(stored)) return stored;
  return stored.replace(WRITTEN, (pair, second: string) =>
    pair.startsWith(FIRST_MARK) ? String.fromCharCode(second.charCodeAt(0) + SHIFT) : second,
  );
}

/** What is sent to Redis as one argument. */
export type Packed = string | Buffer;

const [TEXT, BYTES, UNITS] = ['t', 'b', 'u'];

function isWellFormed(text: string): boolean {
  // Known to Node 20, not yet to the language level that we compile for.
  const { isWellFormed: judge } = text as unknown as { isWellFormed(this: string): boolean };
  return judge.call(text);
}

/**
 * Data behind a prefix and a letter that tells text from bytes. Text with a lone surrogate is kept as its code units. Equal
 * data always gives equal bytes, so that a script can compare. The answer does not change with `data`.
 */
export function pack(prefix: string, data: Data): Packed {
  if (typeof data !== 'string') return Buffer.concat([Buffer.from(prefix + BYTES), data]);
  if (isWellFormed(data)) return prefix + TEXT + data;
  return Buffer.concat([Buffer.from(prefix + UNITS), Buffer.from(data, 'utf16le')]);
}

/** What was packed, from after its prefix. Bytes are a copy. */
export function unpack(stored: Buffer): Data {
  const letter = String.fromCharCode(stored[0] as number);
  if (letter === TEXT) return stored.toString('utf8', 1);
  return letter === UNITS ? stored.toString('utf16le', 1) : new Uint8Array(stored.subarray(1));
}
