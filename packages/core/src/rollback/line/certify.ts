import type { Line, ProcessId } from '../words.js';
import { EDGE, FROM, opened, RECEIVED, SENT, TO } from './graph.js';
import type { CheckpointGraph, Graph } from './graph.js';
import type { GraphMessage } from './message.js';
import type { Start } from './recovery-line.js';

/** What is wrong with a line. */
export type Violation =
  /** A delivery is kept, and its sending is not. */
  | { readonly kind: 'orphan'; readonly message: GraphMessage }
  /** More is kept than there is. */
  | { readonly kind: 'above-start'; readonly process: ProcessId }
  /** It names something that is not a checkpoint of this process, or not all processes. */
  | { readonly kind: 'unknown'; readonly process: ProcessId }
  /** This much could be kept: the line undoes more than it has to. */
  | { readonly kind: 'not-greatest'; readonly process: ProcessId; readonly possible: number };

/**
 * Judges a line without the code that found it: a scan of all messages for orphans, and a marking of the rollback-dependency
 * graph from what was lost (Wang, Chung, Lin, Fuchs, "Checkpoint space reclamation for uncoordinated checkpointing"): the
 * line is greatest when exactly what lies above it is marked. O(V + E).
 */
export function certify(graph: CheckpointGraph, start: Start, line: Line): 'ok' | Violation {
  const whole = opened(graph);
  const ranks: number[] = [];
  for (const [i, process] of whole.processes.entries()) {
    const rank = (whole.numbers[i] as number[]).indexOf(line[process] ?? -1);
    if (rank < 0) return { kind: 'unknown', process };
    if ((line[process] as number) > (start[process] ?? Infinity)) return { kind: 'above-start', process };
    ranks.push(rank);
  }
  return orphanOf(whole, ranks) ?? slackOf(whole, start, ranks) ?? 'ok';
}

function orphanOf(graph: Graph, ranks: readonly number[]): Violation | undefined {
  const { edges, count } = graph;
  for (let edge = 0; edge < count; edge++) {
    const at = edge * EDGE;
    const isUndone = (edges[at + SENT] as number) > (ranks[edges[at + FROM] as number] as number);
    const received = edges[at + RECEIVED] as number;
    const isKept = received >= 0 && received <= (ranks[edges[at + TO] as number] as number);
    if (isUndone && isKept) return { kind: 'orphan', message: graph.messageAt(edge) };
  }
  return undefined;
}

function slackOf(graph: Graph, start: Start, ranks: readonly number[]): Violation | undefined {
  const offsets = offsetsOf(graph);
  const marked = marking(graph, offsets, start);
  for (const [i, process] of graph.processes.entries()) {
    const above = (offsets[i] as number) + (ranks[i] as number) + 1;
    if (above < (offsets[i + 1] as number) && marked[above] === 0) {
      return { kind: 'not-greatest', process, possible: graph.number(i, (ranks[i] as number) + 1) };
    }
  }
  return undefined;
}

/** All checkpoints of all processes in one row: where those of each process begin, and the end. */
function offsetsOf({ numbers }: Graph): number[] {
  const offsets = [0];
  for (const one of numbers) offsets.push((offsets.at(-1) as number) + one.length);
  return offsets;
}

/** Marks each checkpoint that what was lost leads to: by the next one of its process, and by messages from its interval. */
function marking(graph: Graph, offsets: readonly number[], start: Start): Uint8Array {
  const { edges, count, numbers, processes } = graph;
  const total = offsets.at(-1) as number;
  const [begin, targets] = adjacency(edges, count, offsets, total);
  const isLast = new Uint8Array(total);
  for (const end of offsets) if (end > 0) isLast[end - 1] = 1;
  const marked = new Uint8Array(total);
  const row: number[] = [];
  const mark = (node: number): void => {
    if (marked[node] !== 0) return;
    marked[node] = 1;
    row.push(node);
  };
  for (const [i, process] of processes.entries()) {
    const limit = start[process] ?? Infinity;
    for (const [rank, number] of (numbers[i] as number[]).entries()) if (number > limit) mark((offsets[i] as number) + rank);
  }
  for (let at = 0; at < row.length; at++) {
    const node = row[at] as number;
    if (isLast[node] === 0) mark(node + 1);
    for (let i = begin[node] as number; i < (begin[node + 1] as number); i++) mark(targets[i] as number);
  }
  return marked;
}

/** For each checkpoint, in one array: those that end the intervals in which the messages of its interval were delivered. */
function adjacency(edges: Int32Array, count: number, offsets: readonly number[], total: number): [Int32Array, Int32Array] {
  const begin = new Int32Array(total + 1);
  const nodeOf = (at: number): number => (offsets[edges[at + FROM] as number] as number) + (edges[at + SENT] as number);
  for (let at = 0; at < count * EDGE; at += EDGE) (begin[nodeOf(at) + 1] as number)++;
  for (let node = 0; node < total; node++) begin[node + 1] = (begin[node + 1] as number) + (begin[node] as number);
  const fill = begin.slice();
  const targets = new Int32Array(count);
  for (let at = 0; at < count * EDGE; at += EDGE) {
    const received = edges[at + RECEIVED] as number;
    // What was not delivered leads back to where it came from.
    const target = received < 0 ? nodeOf(at) : (offsets[edges[at + TO] as number] as number) + received;
    targets[(fill[nodeOf(at)] as number)++] = target;
  }
  return [begin, targets];
}
