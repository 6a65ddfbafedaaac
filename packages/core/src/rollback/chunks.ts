import type { Data } from '../base/store.js';

/** So many characters or bytes of a state share an entry. */
const CHUNK = 256 * 1024;

/** A state in pieces of at most `CHUNK`; a pair of surrogates stays together. An empty state is one empty piece. */
export function chunks(state: Data): Data[] {
  if (state.length <= CHUNK) return [state];
  const pieces: Data[] = [];
  for (let at = 0; at < state.length;) {
    let end = Math.min(at + CHUNK, state.length);
    if (typeof state === 'string' && end < state.length && /[\uD800-\uDBFF]/.test(state[end - 1] as string)) end -= 1;
    pieces.push(state.slice(at, end));
    at = end;
  }
  return pieces;
}

export function joined(pieces: readonly Data[]): Data {
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('');
  return new Uint8Array(Buffer.concat(pieces.map((piece) => Buffer.from(piece as Uint8Array))));
}
