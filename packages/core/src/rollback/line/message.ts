import type { Line, ProcessId } from '../words.js';

/** A message as the checkpoints see it: the interval that it was sent in, and the one that it was delivered in. */
export interface GraphMessage {
  readonly from: ProcessId;
  /** Interval `n` is what a process does between its checkpoints `n - 1` and `n`. */
  readonly sent: number;
  readonly to: ProcessId;
  /** Undefined: not delivered yet. */
  readonly received?: number | undefined;
  /** How reports call it. */
  readonly name?: string | undefined;
}

/** One checkpoint of one process. */
export interface CheckpointRef {
  readonly process: ProcessId;
  readonly number: number;
}

function isKept(line: Line, process: ProcessId, interval: number): boolean {
  // Whoever the line does not name keeps everything.
  const kept = line[process];
  return kept === undefined || interval <= kept;
}

/** Messages whose delivery the line keeps while it undoes their sending: what must never be. */
export function orphansOf(line: Line, messages: Iterable<GraphMessage>): readonly GraphMessage[] {
  return [...messages].filter(
    ({ from, sent, to, received }) => received !== undefined && !isKept(line, from, sent) && isKept(line, to, received),
  );
}

/** Messages that were sent before the line and not delivered before it: what has to be delivered again, once. */
export function inTransitOf(line: Line, messages: Iterable<GraphMessage>): readonly GraphMessage[] {
  return [...messages].filter(
    ({ from, sent, to, received }) => isKept(line, from, sent) && (received === undefined || !isKept(line, to, received)),
  );
}

/** Whether no kept delivery has an undone sending. `orphansOf` names those that do. */
export function isConsistent(line: Line, messages: Iterable<GraphMessage>): boolean {
  return orphansOf(line, messages).length === 0;
}
