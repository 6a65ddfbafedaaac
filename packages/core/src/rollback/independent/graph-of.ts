import type { Store } from '../../base/store.js';
import { createGraph } from '../line/graph.js';
import type { CheckpointGraph } from '../line/graph.js';
import { PROCESS, recordOf } from './records.js';
import type { ProcessRecord, ReceivedFrom } from './records.js';

/** What the processes of a group have written about their checkpoints. */
export async function recordsOf(store: Store, group: string): Promise<readonly ProcessRecord[]> {
  const records: ProcessRecord[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.scan({ kind: PROCESS, name: group, limit: 1_000, ...(after === undefined ? {} : { after }) });
    records.push(...page.heads.map(recordOf));
    if (page.next === undefined) return records;
    after = page.next;
  }
}

export interface Drawn {
  readonly graph: CheckpointGraph;
  /** Whether the records are of one moment, as far as messages tell: none was received that is not sent yet. */
  readonly isCut: boolean;
}

/** The graph that the records tell of. `openOf`: what a process has received since its last checkpoint, where that is known. */
export function graphOf(
  records: readonly ProcessRecord[],
  openOf: (record: ProcessRecord) => ReceivedFrom = ({ open }) => open ?? {},
): Drawn {
  const graph = createGraph();
  for (const { process, checkpoints, highest } of records) {
    const takenAt = checkpoints.map((one) => one.takenAt);
    graph.process(process, { checkpoints: checkpoints.map(({ number }) => number), takenAt, present: highest + 1 });
  }
  const known = new Set(graph.processes);
  let isCut = true;
  const add = (to: string, received: number, vector: ReceivedFrom): void => {
    for (const [from, { interval, name }] of Object.entries(vector)) {
      const present = known.has(from) ? graph.present(from) : 0;
      if (interval > present) isCut = false;
      if (present > 0) graph.message({ from, sent: Math.min(interval, present), to, received, name });
    }
  };
  for (const record of records) {
    for (const { number, received } of record.checkpoints)
      if (number > (record.checkpoints[0]?.number ?? 0)) add(record.process, number, received);
    add(record.process, record.highest + 1, openOf(record));
  }
  return { graph, isCut };
}

/**
 * The checkpoint graph of a group, as its processes have written it down. What they have received since their last checkpoint is known
 * to themselves alone, so a failure may take back more than this graph tells, and never less.
 */
export async function groupGraph(store: Store, group: string): Promise<CheckpointGraph> {
  return graphOf(await recordsOf(store, group)).graph;
}

/** The groups whose processes keep checkpoints in this store, by name. */
export async function groupsIn(store: Store): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let after: string | undefined; ;) {
    const page = await store.scan({ kind: PROCESS, limit: 1_000, ...(after === undefined ? {} : { after }) });
    for (const { name } of page.heads) found.add(name);
    if (page.next === undefined) return [...found].toSorted();
    after = page.next;
  }
}
