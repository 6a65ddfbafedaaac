import type { ProcessId } from '../words.js';
import { LineArgumentError } from './errors.js';
import type { GraphMessage } from './message.js';

/** What is kept of a process, where it is not the beginning: some checkpoints are forgotten, others were undone. */
export interface ProcessHistory {
  /** The numbers of the checkpoints that are there, ascending. Default: 0 alone. */
  readonly checkpoints?: readonly number[];
  /** When each of them was taken, in milliseconds; reports tell what is lost. */
  readonly takenAt?: readonly number[];
  /** The number of the open interval. Default: one more than the last checkpoint. */
  readonly present?: number;
}

/** Checkpoints and the messages between them. It grows: adding costs the same however much there is. */
export interface CheckpointGraph {
  readonly processes: readonly ProcessId[];
  /** Adds a process. @throws LineArgumentError when it is there already, or its numbers do not ascend. */
  process(id: ProcessId, history?: ProcessHistory): void;
  /** The open interval of a process ends with a checkpoint; answers its number. */
  checkpoint(id: ProcessId, takenAt?: number): number;
  /** An interval of which the checkpoint is forgotten counts for the next one that is there. */
  message(message: GraphMessage): void;
  /** The checkpoints of a process, ascending. */
  checkpoints(id: ProcessId): readonly number[];
  /** The volatile present of a process, as a number: of its open interval. */
  present(id: ProcessId): number;
  /** All messages, in the order of their adding. */
  messages(): IterableIterator<GraphMessage>;
}

export function createGraph(): CheckpointGraph {
  return new Graph();
}

/** What the algorithms read. @throws LineArgumentError when it was not made by `createGraph`. */
export function opened(graph: CheckpointGraph): Graph {
  if (graph instanceof Graph) return graph;
  throw new LineArgumentError('This is no graph of `createGraph`.', {});
}

/** Numbers of an edge: sending process and rank, receiving process and rank (-1: not delivered). */
export const EDGE = 4;
export const [FROM, SENT, TO, RECEIVED] = [0, 1, 2, 3] as const;

/** The delivered edges by the interval of their sending, in one row. */
export interface Sends {
  /** Where the intervals of each process begin. */
  readonly offsets: Int32Array;
  /** For each interval: where its edges begin in the row. The next one tells where they end. */
  readonly begin: Int32Array;
  readonly row: Int32Array;
}

/** Within it a checkpoint is known by its rank among those that are there; rank n + 1 ends the interval after rank n. */
export class Graph implements CheckpointGraph {
  readonly processes: ProcessId[] = [];
  readonly index = new Map<ProcessId, number>();
  /** For each process: its checkpoints, then its present. */
  readonly numbers: number[][] = [];
  readonly takenAt: (number | undefined)[][] = [];
  edges = new Int32Array(EDGE * 64);
  count = 0;
  private readonly names: (string | undefined)[] = [];
  private sorted: Sends | undefined;

  process(id: ProcessId, { checkpoints = [0], takenAt = [], present = (checkpoints.at(-1) ?? 0) + 1 }: ProcessHistory = {}): void {
    const numbers = [...checkpoints, present];
    const ascends = numbers.every((one, i) => Number.isSafeInteger(one) && one > (numbers[i - 1] ?? -1));
    if (this.index.has(id) || checkpoints.length === 0 || !ascends) {
      throw new LineArgumentError(`"${id}" is there already, or its checkpoints do not ascend.`, { process: id, checkpoints, present });
    }
    this.index.set(id, this.processes.length);
    this.processes.push(id);
    this.numbers.push(numbers);
    this.takenAt.push([...takenAt]);
    this.sorted = undefined;
  }

  checkpoint(id: ProcessId, takenAt?: number): number {
    const process = this.of(id);
    const numbers = this.numbers[process] as number[];
    const number = numbers.at(-1) as number;
    (this.takenAt[process] as (number | undefined)[])[numbers.length - 1] = takenAt;
    numbers.push(number + 1);
    this.sorted = undefined;
    return number;
  }

  message({ from, sent, to, received, name }: GraphMessage): void {
    const at = this.count * EDGE;
    if (at === this.edges.length) this.grow();
    const sender = this.of(from);
    const rank = this.rank(sender, sent);
    const receiver = this.of(to);
    this.edges[at + FROM] = sender;
    this.edges[at + SENT] = rank;
    this.edges[at + TO] = receiver;
    this.edges[at + RECEIVED] = received === undefined ? -1 : this.rank(receiver, received);
    if (name !== undefined) this.names[this.count] = name;
    this.count += 1;
    this.sorted = undefined;
  }

  checkpoints(id: ProcessId): readonly number[] {
    return (this.numbers[this.of(id)] as number[]).slice(0, -1);
  }

  present(id: ProcessId): number {
    return (this.numbers[this.of(id)] as number[]).at(-1) as number;
  }

  *messages(): IterableIterator<GraphMessage> {
    for (let edge = 0; edge < this.count; edge++) yield this.messageAt(edge);
  }

  messageAt(edge: number): GraphMessage {
    const at = edge * EDGE;
    const [from, to] = [this.edges[at + FROM] as number, this.edges[at + TO] as number];
    const rank = this.edges[at + RECEIVED] as number;
    return {
      from: this.processes[from] as ProcessId,
      sent: this.number(from, this.edges[at + SENT] as number),
      to: this.processes[to] as ProcessId,
      received: rank < 0 ? undefined : this.number(to, rank),
      name: this.names[edge],
    };
  }

  /** Sorted once after each change: a walk over what was sent then goes through memory in order. */
  sends(): Sends {
    return (this.sorted ??= sorted(this));
  }

  of(id: ProcessId): number {
    const process = this.index.get(id);
    if (process === undefined) throw new LineArgumentError(`The graph knows no process "${id}".`, { process: id });
    return process;
  }

  number(process: number, rank: number): number {
    return (this.numbers[process] as number[])[rank] as number;
  }

  /** The rank of a checkpoint that is there. */
  exact(process: number, number: number): number {
    const rank = this.rank(process, number);
    if (this.number(process, rank) === number) return rank;
    throw new LineArgumentError(`"${this.processes[process]}" has no checkpoint ${number}.`, { process: this.processes[process], number });
  }

  /** The rank of the first checkpoint that is there from `number` on. */
  private rank(process: number, number: number): number {
    const numbers = this.numbers[process] as number[];
    if (numbers[number] === number) return number;
    let [low, high] = [0, numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    if (low < numbers.length && Number.isSafeInteger(number)) return low;
    const id = this.processes[process];
    throw new LineArgumentError(`"${id}" has not come to ${number} yet.`, { process: id, number });
  }

  private grow(): void {
    const edges = new Int32Array(this.edges.length * 2);
    edges.set(this.edges);
    this.edges = edges;
  }
}

/** Counts, sums, places: O(V + E). */
function sorted({ edges, count, numbers }: Graph): Sends {
  const offsets = new Int32Array(numbers.length);
  let nodes = 0;
  for (const [i, one] of numbers.entries()) {
    offsets[i] = nodes;
    nodes += one.length;
  }
  const begin = new Int32Array(nodes + 1);
  const end = count * EDGE;
  const intervalOf = (at: number): number => (offsets[edges[at + FROM] as number] as number) + (edges[at + SENT] as number);
  for (let at = 0; at < end; at += EDGE)
    if ((edges[at + RECEIVED] as number) >= 0) begin[intervalOf(at)] = (begin[intervalOf(at)] as number) + 1;
  // Each holds its end first, and its beginning when all are placed from the last one down.
  for (let node = 1; node <= nodes; node++) begin[node] = (begin[node] as number) + (begin[node - 1] as number);
  const row = new Int32Array(begin[nodes] as number);
  for (let at = end - EDGE; at >= 0; at -= EDGE) {
    if ((edges[at + RECEIVED] as number) < 0) continue;
    const node = intervalOf(at);
    row[(begin[node] = (begin[node] as number) - 1)] = at;
  }
  return { offsets, begin, row };
}
