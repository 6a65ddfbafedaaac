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
