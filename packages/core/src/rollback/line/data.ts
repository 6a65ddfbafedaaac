import type { ProcessId } from '../words.js';
import { createGraph } from './graph.js';
import type { CheckpointGraph } from './graph.js';
import type { GraphMessage } from './message.js';

/** A checkpoint graph as plain data, to keep and to send. */
export interface GraphData {
  readonly processes: readonly { readonly id: ProcessId; readonly checkpoints: readonly number[]; readonly present: number }[];
  readonly messages: readonly GraphMessage[];
}

export function graphData(graph: CheckpointGraph): GraphData {
  const processes = graph.processes.map((id) => ({ id, checkpoints: graph.checkpoints(id), present: graph.present(id) }));
  return { processes, messages: [...graph.messages()] };
}

/** The graph again, without the moments of its checkpoints. @throws LineArgumentError */
export function graphFrom({ processes, messages }: GraphData): CheckpointGraph {
  const graph = createGraph();
  for (const { id, checkpoints, present } of processes) graph.process(id, { checkpoints, present });
  for (const message of messages) graph.message(message);
  return graph;
}
