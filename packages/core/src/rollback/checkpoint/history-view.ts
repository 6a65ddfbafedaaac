import type { Kept } from './archive.js';

/** A checkpoint, as it is shown. */
export interface CheckpointInfo {
  readonly number: number;
  /** Wall clock of who saved it. */
  readonly at: number;
  /** `undone`: a later rollback went back past it; `current`: the last one. */
  readonly status: 'current' | 'kept' | 'undone';
  /** For a rollback: whose state it has. */
  readonly to?: number;
  /** The checkpoint whose state it came from; 0: the initial state. */
  readonly after: number;
  readonly incarnation: number;
  /** Stored bytes, of a delta those of the changes. */
  readonly bytes: number;
  readonly kind: 'base' | 'delta';
  readonly logPosition?: number;
}

/** The last `keep` checkpoints, damaged and compacted ones left out. */
export function view(kept: readonly Kept[], keep: number): readonly CheckpointInfo[] {
  const shown = kept.filter(({ isCompacted }) => !isCompacted);
  const rollbacks = shown.flatMap(({ envelope }) => (envelope?.to === undefined ? [] : [{ at: envelope.number, to: envelope.to }]));
  const last = shown.at(-1);
  return shown.slice(-keep).flatMap((one): readonly CheckpointInfo[] => {
    const { envelope } = one;
    if (!envelope) return [];
    const { number, at, to, after, incarnation, bytes, kind, logPosition } = envelope;
    const isUndone = rollbacks.some((back) => back.to < number && number < back.at);
    const status = one === last ? 'current' : isUndone ? 'undone' : 'kept';
    return [
      {
        number,
        at,
        status,
        after,
        incarnation,
        bytes,
        kind,
        ...(to !== undefined && { to }),
        ...(logPosition !== undefined && { logPosition }),
      },
    ];
  });
}
