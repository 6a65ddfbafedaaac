import type { Line } from '../words.js';
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
  return refs(graph, ({ process, number }) => needed.get(process)?.has(number) !== true);
}

/** The checkpoints that are in no consistent line at all: they were taken for nothing. O(C (V + E)) for C checkpoints. */
export function uselessCheckpoints(graph: CheckpointGraph): readonly CheckpointRef[] {
  return refs(graph, ({ process, number }) => recoveryLine(graph, { [process]: number })[process] !== number);
}

/** The messages of the graph that the line has sent and not delivered. */
export function inTransit(graph: CheckpointGraph, line: Line): readonly GraphMessage[] {
  return inTransitOf(line, graph.messages());
}

function refs(graph: CheckpointGraph, isWanted: (one: CheckpointRef) => boolean): readonly CheckpointRef[] {
  return graph.processes.flatMap((process) => graph.checkpoints(process).map((number) => ({ process, number }))).filter(isWanted);
}
