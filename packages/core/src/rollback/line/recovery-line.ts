import type { Line, ProcessId } from '../words.js';
import { LineLostError } from './errors.js';
import { opened, RECEIVED, TO } from './graph.js';
import type { CheckpointGraph, Graph } from './graph.js';

/** Up to where each process may keep what it has done. Whoever is not named keeps its present. */
export type Start = Readonly<Record<ProcessId, number>>;

/** Where a failure leaves: those that failed have their last checkpoint, the others their present. */
export function startOfFailure(graph: CheckpointGraph, failed: Iterable<ProcessId>): Start {
  return Object.fromEntries([...failed].map((id) => [id, graph.checkpoints(id).at(-1) as number]));
}

/**
 * The greatest consistent line below `start`: there is exactly one. A worklist that looks at each message once, so O(V + E).
 * Elnozahy, Alvisi, Wang, Johnson, "A survey of rollback-recovery protocols", section 2; the worklist is ours.
 * @throws LineArgumentError when `start` names what is not there, LineLostError when a forgotten checkpoint is needed.
 */
export function recoveryLine(graph: CheckpointGraph, start: Start = {}): Line {
  const whole = opened(graph);
  const line = startRanks(whole, start);
  propagate(whole, line);
  return Object.fromEntries(whole.processes.map((id, i) => [id, whole.number(i, line[i] as number)]));
}

function startRanks(graph: Graph, start: Start): Int32Array {
  const ranks = Int32Array.from(graph.numbers, (numbers) => numbers.length - 1);
  for (const [id, number] of Object.entries(start)) ranks[graph.of(id)] = graph.exact(graph.of(id), number);
  return ranks;
}

/** Lowers `line` until no kept delivery has an undone sending. */
function propagate(graph: Graph, line: Int32Array): void {
  const { edges, numbers, processes } = graph;
  const { offsets, begin, row } = graph.sends();
  // What lies above it was followed already.
  const followed = Int32Array.from(numbers, (one) => one.length - 1);
  const waiting: number[] = [];
  for (let i = 0; i < line.length; i++) if ((line[i] as number) < (followed[i] as number)) waiting.push(i);
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const [low, high] = [line[i] as number, followed[i] as number];
    followed[i] = low;
    const offset = offsets[i] as number;
    // The intervals above the line, together: their edges lie side by side.
    const end = begin[offset + high + 1] as number;
    for (let place = begin[offset + low + 1] as number; place < end; place++) {
      const at = row[place] as number;
      const to = edges[at + TO] as number;
      const received = edges[at + RECEIVED] as number;
      if (received > (line[to] as number)) continue;
      if (received === 0) throw new LineLostError(processes[to] as ProcessId, (numbers[to] as number[])[0] as number);
      line[to] = received - 1;
      waiting.push(to);
    }
  }
}
