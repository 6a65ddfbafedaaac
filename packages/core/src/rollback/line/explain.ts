import type { Line, ProcessId } from '../words.js';
import { EDGE, FROM, opened, RECEIVED, SENT, TO } from './graph.js';
import type { CheckpointGraph, Graph } from './graph.js';
import type { GraphMessage } from './message.js';
import { recoveryLine } from './recovery-line.js';
import type { Start } from './recovery-line.js';

/** What one process loses. */
export interface Rollback {
  readonly process: ProcessId;
  /** Its present. */
  readonly from: number;
  /** The checkpoint that it goes back to. */
  readonly to: number;
  /** How many of its checkpoints are undone. */
  readonly checkpoints: number;
  /** The messages that led from the failure to it, the last one to itself; none: it failed. */
  readonly chain: readonly GraphMessage[];
  /** From its checkpoint to `now`, in milliseconds, where both are known. */
  readonly lostMs?: number;
}

/** Who goes back how far, and why. */
export interface DominoReport {
  readonly start: Start;
  readonly line: Line;
  /** Those that the failure itself takes back first, then by the number of messages that led to them. */
  readonly rolledBack: readonly Rollback[];
  /** The longest chain. */
  readonly maxHops: number;
  /** How many processes go back to their very beginning. */
  readonly backToStart: number;
  /** How many checkpoints are undone, of all processes together. */
  readonly checkpointsLost: number;
}

/** What a failure costs, with the shortest chain of messages for each process that goes back. `now`: for `lostMs`. */
export function explain(graph: CheckpointGraph, start: Start, now?: number): DominoReport {
  const whole = opened(graph);
  const line = recoveryLine(graph, start);
  const reasons = search(whole, start);
  const rolledBack = whole.processes.flatMap((process, i) => {
    const to = line[process] as number;
    const from = graph.present(process);
    if (to === from) return [];
    const rank = whole.exact(i, to);
    const takenAt = whole.takenAt[i]?.[rank];
    const lost = now === undefined || takenAt === undefined ? {} : { lostMs: now - takenAt };
    const checkpoints = (whole.numbers[i] as number[]).length - 2 - rank;
    return [{ process, from, to, checkpoints, chain: chainOf(whole, reasons, i, rank + 1), ...lost }];
  });
  rolledBack.sort((a, b) => a.chain.length - b.chain.length);
  return {
    start,
    line,
    rolledBack,
    maxHops: Math.max(0, ...rolledBack.map(({ chain }) => chain.length)),
    backToStart: rolledBack.filter(({ to }) => to === 0).length,
    checkpointsLost: rolledBack.reduce((sum, { checkpoints }) => sum + checkpoints, 0),
  };
}

/** For each process and interval: the edge that undid it first, breadth first from the failure; -1: the failure, -2: kept. */
type Reasons = readonly Int32Array[];

const KEPT = -2;
const FAILED = -1;

function search(graph: Graph, start: Start): Reasons {
  const { edges, numbers, index } = graph;
  const { offsets, begin, row: sends } = graph.sends();
  const reasons = numbers.map((one) => new Int32Array(one.length).fill(KEPT));
  const row: { readonly process: number; readonly low: number; readonly high: number }[] = [];
  const undo = (process: number, low: number, edge: number): void => {
    const own = reasons[process] as Int32Array;
    let high = low;
    while (high < own.length && own[high] === KEPT) own[high++] = edge;
    if (high > low) row.push({ process, low, high });
  };
  for (const [id, number] of Object.entries(start)) {
    const process = index.get(id) as number;
    undo(process, (numbers[process] as number[]).indexOf(number) + 1, FAILED);
  }
  for (let at = 0; at < row.length; at++) {
    const { process, low, high } = row[at] as (typeof row)[number];
    const offset = offsets[process] as number;
    const end = begin[offset + high] as number;
    for (let place = begin[offset + low] as number; place < end; place++) {
      const edge = sends[place] as number;
      const received = edges[edge + RECEIVED] as number;
      if (received > 0) undo(edges[edge + TO] as number, received, edge / EDGE);
    }
  }
  return reasons;
}

function chainOf(graph: Graph, reasons: Reasons, process: number, rank: number): readonly GraphMessage[] {
  const chain: GraphMessage[] = [];
  let edge = reasons[process]?.[rank] ?? FAILED;
  while (edge >= 0) {
    chain.unshift(graph.messageAt(edge));
    const at = edge * EDGE;
    edge = reasons[graph.edges[at + FROM] as number]?.[graph.edges[at + SENT] as number] ?? FAILED;
  }
  return chain;
}
