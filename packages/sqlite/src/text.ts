import type { Data } from '@redress/core';
import type { Value } from './driver/driver.js';

/*
 * SQLite keeps text as UTF-8 and sorts it by bytes. Three things of a JavaScript text get lost on that way: a lone
 * surrogate, what follows a NUL (some drivers cut there), and the order by code units, which differs from the order by
 * bytes above U+D7FF. So such code units are written as two, which keeps both the text and its order.
 */
const RARE = /[\0\ud800-\uffff]/;
const RARE_ALL = /[\0\ud800-\uffff]/g;
const WRITTEN = /\ue002|[\ue000\ue001]([^])/g;
const MARK = '\ue000';

function write(unit: string): string {
  if (unit === '\0') return '\ue002';
  return unit < MARK ? MARK + String.fromCharCode(unit.charCodeAt(0) - 0xd700) : `\ue001${unit}`;
}

function read(written: string, second: string | undefined): string {
  if (second === undefined) return '\0';
  return written.startsWith(MARK) ? String.fromCharCode(second.charCodeAt(0) + 0xd700) : second;
}

/** A name (id, key, kind …) as it stands in the file. Almost always itself. */
export function nameIn(name: string): string {
  return RARE.test(name) ? name.replace(RARE_ALL, write) : name;
}

export function nameOut(stored: unknown): string {
  const text = stored as string;
  return RARE.test(text) ? text.replace(WRITTEN, read) : text;
}

/** Text whose rare code units UTF-8 and every driver carry: no NUL, no surrogate without its other half. */
function isPlain(text: string): boolean {
  // Known to Node 20, not yet to the language level that we compile for.
  const { isWellFormed } = text as unknown as { isWellFormed(this: string): boolean };
  return isWellFormed.call(text) && !text.includes('\0') && !text.startsWith(MARK);
}

/** Data as it stands in the file: text as text, bytes as bytes. Text that UTF-8 would spoil is rewritten under a mark. */
export function dataIn(data: Data): Value {
  if (typeof data !== 'string' || isPlain(data)) return data;
  return MARK + data.replace(RARE_ALL, write);
}

export function dataOut(stored: unknown): Data {
  if (typeof stored === 'string') return stored.startsWith(MARK) ? nameOut(stored.slice(1)) : stored;
  // Some drivers give a Buffer, or an ArrayBuffer; callers shall meet one kind of bytes.
  if (stored instanceof Uint8Array) return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return new Uint8Array(stored as ArrayBuffer);
}
