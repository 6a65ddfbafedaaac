import type { Line, ProcessId } from '../words.js';
import { LineLostError } from './errors.js';
import type { CheckpointGraph } from './graph.js';
import { inTransitOf } from './message.js';
import type { CheckpointRef, GraphMessage } from './message.js';
import { recoveryLine, startOfFailure } from './recovery-line.js';

/**
 * The checkpoints that no failure will ever need again, whatever is sent from now on: those in the line of no single
 * failure. At most N(N + 1) / 2 of N processes are needed. Wang, Chung, Lin, Fuchs, "Checkpoint space reclamation for
 * uncoordinated checkpointing in message-passing systems", IEEE TPDS 1995. O(N (V + E)).
 */
export function collectable(graph: CheckpointGraph): readonly CheckpointRef[] {
  const needed = new Map(graph.processes.map((id) => [id, new Set<number>()]));
  for (const failed of graph.processes) {
    for (const [id, number] of Object.entries(recoveryLine(graph, startOfFailure(graph, [failed])))) needed.get(id)?.add(number);
  }
  return refs(graph, graph.processes, ({ process, number }) => needed.get(process)?.has(number) !== true);
}

/**
 * The checkpoints of `processes` (default: all) that are in no consistent line at all: taken for nothing. What forgotten checkpoints
 * would be needed to tell of is left out. O(C (V + E)) for C of them.
 */
export function uselessCheckpoints(graph: CheckpointGraph, processes: readonly ProcessId[] = graph.processes): readonly CheckpointRef[] {
  return refs(graph, processes, ({ process, number }) => isUseless(graph, process, number));
}

/** The messages of the graph that the line has sent and not delivered. */
export function inTransit(graph: CheckpointGraph, line: Line): readonly GraphMessage[] {
  return inTransitOf(line, graph.messages());
}

function refs(
  graph: CheckpointGraph,
  processes: readonly ProcessId[],
  isWanted: (one: CheckpointRef) => boolean,
): readonly CheckpointRef[] {
  return processes.flatMap((process) => graph.checkpoints(process).map((number) => ({ process, number }))).filter(isWanted);
}

function isUseless(graph: CheckpointGraph, process: ProcessId, number: number): boolean {
  try {
    return recoveryLine(graph, { [process]: number })[process] !== number;
  } catch (error) {
    if (error instanceof LineLostError) return false;
    throw error;
  }
}
