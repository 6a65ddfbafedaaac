import type { FencingToken } from './fence.js';

/** Where a process or thread finds out whose child it is. */
export const CHILD_VARIABLE = 'REDRESS_CHILD';

/** What is in it, as JSON. */
export interface Birth {
  readonly supervisor: string;
  readonly id: string;
  readonly generation: number;
  readonly token?: FencingToken;
}

/** What goes over the wire, in both directions; a program's own messages pass beside it. */
export type Wire = { readonly redress: 'ready' | 'beat' | 'stop' } | { readonly redress: 'ping' | 'pong'; readonly n: number };

export function asWire(message: unknown): Wire | undefined {
  return typeof message === 'object' && message !== null && 'redress' in message ? (message as Wire) : undefined;
}
