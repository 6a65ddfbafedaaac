import type { Line } from '../words.js';
import { createGraph } from './graph.js';
import type { CheckpointGraph } from './graph.js';
import type { GraphMessage } from './message.js';
import type { Start } from './recovery-line.js';

export type Chance = () => number;

/** Chance that a seed repeats: mulberry32. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function below(random: Chance, limit: number): number {
  return Math.floor(random() * limit);
}

/** A random execution: checkpoints, sends, and deliveries in any order. `bcs`: with the forced checkpoints of Briatico, Ciuffoletti, Simoncini. */
export class Execution {
  graph: CheckpointGraph = createGraph();
  readonly ids: readonly string[];
  readonly #bcs: boolean;
  /** The index of each process in the sense of BCS. */
  readonly #index: number[];
  #flying: { readonly from: number; readonly sent: number; readonly to: number; readonly index: number }[] = [];
  forced = 0;

  constructor(processes: number, bcs = false) {
    this.ids = Array.from({ length: processes }, (_, i) => `P${i + 1}`);
    for (const id of this.ids) this.graph.process(id);
    this.#bcs = bcs;
    this.#index = this.ids.map(() => 0);
  }

  step(random: Chance, checkpoints = 0.25): void {
    const process = below(random, this.ids.length);
    if (random() < checkpoints) this.#basic(process);
    else if (random() < 0.5 || this.#flying.length === 0) this.#send(process, random);
    else this.#deliver(random);
  }

  #basic(process: number): void {
    this.#index[process] = (this.#index[process] as number) + 1;
    this.graph.checkpoint(this.ids[process] as string);
  }

  #send(from: number, random: Chance): void {
    const to = (from + 1 + below(random, this.ids.length - 1)) % this.ids.length;
    this.#flying.push({ from, to, sent: this.graph.present(this.ids[from] as string), index: this.#index[from] as number });
  }

  #deliver(random: Chance): void {
    const [message] = this.#flying.splice(below(random, this.#flying.length), 1);
    if (!message) return;
    const { from, sent, to, index } = message;
    const [sender, receiver] = [this.ids[from] as string, this.ids[to] as string];
    if (this.#bcs && index > (this.#index[to] as number)) {
      this.#index[to] = index;
      this.graph.checkpoint(receiver);
      this.forced += 1;
    }
    this.graph.message({ from: sender, sent, to: receiver, received: this.graph.present(receiver) });
  }
}

/** Some processes fail; each goes back to its last checkpoint, or to any one. */
export function randomStart(graph: CheckpointGraph, random: Chance): Start {
  const hit = graph.processes.filter(() => random() < 0.5);
  return Object.fromEntries(
    hit.map((id) => {
      const checkpoints = graph.checkpoints(id);
      return [id, (random() < 0.7 ? checkpoints.at(-1) : checkpoints[below(random, checkpoints.length)]) as number];
    }),
  );
}

/** Lowers any end of any orphan until there is none: the definition, word by word. */
export function naiveLine(graph: CheckpointGraph, start: Start): Line {
  const line = Object.fromEntries(graph.processes.map((id) => [id, start[id] ?? graph.present(id)]));
  const messages = [...graph.messages()];
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, sent, to, received } of messages) {
      if (received === undefined || sent <= (line[from] as number) || received > (line[to] as number)) continue;
      line[to] = Math.max(...graph.checkpoints(to).filter((number) => number < received));
      changed = true;
    }
  }
  return line;
}

/** Wang's checkpoint graph: who can be reached from what was lost is marked; the line is the last unmarked one of each. */
export function markedLine(graph: CheckpointGraph, start: Start): Line {
  const marked = new Set<string>();
  const mark = (id: string, number: number): void => {
    if (marked.has(`${id} ${number}`)) return;
    marked.add(`${id} ${number}`);
    if (number < graph.present(id)) mark(id, number + 1);
    for (const { from, sent, to, received } of graph.messages()) {
      if (from === id && sent === number && received !== undefined) mark(to, received);
    }
  };
  for (const [id, number] of Object.entries(start)) if (number < graph.present(id)) mark(id, number + 1);
  const all = (id: string): readonly number[] => [...graph.checkpoints(id), graph.present(id)];
  return Object.fromEntries(graph.processes.map((id) => [id, Math.max(...all(id).filter((number) => !marked.has(`${id} ${number}`)))]));
}

/** All greatest ones among all consistent lines below the start, by trying every line. */
export function bruteForce(graph: CheckpointGraph, start: Start): readonly Line[] {
  const messages = [...graph.messages()];
  const lines: number[][] = [];
  const walk = (picked: readonly number[]): void => {
    const id = graph.processes[picked.length];
    if (id === undefined) {
      if (isFine(graph, messages, picked)) lines.push([...picked]);
      return;
    }
    for (const number of [...graph.checkpoints(id), graph.present(id)]) if (number <= (start[id] ?? Infinity)) walk([...picked, number]);
  };
  walk([]);
  const most = Math.max(...lines.map(sum));
  const isBelow = (a: readonly number[], b: readonly number[]): boolean => a !== b && a.every((number, i) => number <= (b[i] as number));
  // A greatest line has the greatest sum; any other maximal one would be below none of them.
  const top = lines.filter((line) => sum(line) === most);
  const others = lines.filter((line) => !top.some((one) => isBelow(line, one)) && !top.includes(line));
  return [...top, ...others].map((line) => Object.fromEntries(graph.processes.map((id, i) => [id, line[i] as number])));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function isFine(graph: CheckpointGraph, messages: readonly GraphMessage[], line: readonly number[]): boolean {
  const at = (id: string): number => line[graph.processes.indexOf(id)] as number;
  return messages.every(({ from, sent, to, received }) => received === undefined || sent <= at(from) || received > at(to));
}
