import { Cells } from './cells.js';

/** Leads from a tracked collection to its cells. */
export const CELLS = Symbol.for('redress.cells/1');

/** What a checkpointed object keeps in collections: each entry is a value, replaced and never written to. */
export interface Tracked {
  readonly [CELLS]: Cells;
  readonly [Symbol.toStringTag]: TrackedKind;
}

export type TrackedKind = 'TrackedMap' | 'TrackedSet' | 'TrackedArray';

export function isTracked(value: unknown): value is Tracked {
  return typeof value === 'object' && value !== null && CELLS in value;
}

/** What a map or set may be keyed by: objects would not be the same ones after a restore. */
export type TrackedKey = string | number | bigint | boolean | null | undefined;

export function checkKey(key: unknown, kind: TrackedKind): void {
  if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol') {
    throw new TypeError(`A key of a ${kind} is a string, number, bigint or boolean; got ${typeof key}, which no restore could find again.`);
  }
}
