import { decodeRecord } from '@redress/core';
import type { Codec, Entry, Loaded } from '@redress/core';

/** A step as the journal knows it. */
export interface StepOfRun {
  readonly n: number;
  /** `Payments.charge`; the second call of it in one run is `Payments.charge#2`. */
  readonly name: string;
  readonly operation: string;
  readonly kind: string;
  readonly args: readonly unknown[];
  readonly key: string;
  readonly isPivot: boolean;
  /** `open`: it was started, and nobody learned what came of it. */
  outcome: 'open' | 'done' | 'refused' | 'unknown';
  result?: unknown;
  error?: unknown;
}

/** One run at one moment: what its journal says. */
export interface SagaView {
  readonly saga: string;
  readonly id: string;
  /** `absent`: there is no such run. */
  readonly status: string;
  readonly steps: readonly StepOfRun[];
  /** Steps that are done, in the order of their starts. */
  readonly ran: readonly string[];
  /** Steps whose undo is done, in the order of undoing; a second look counts once. */
  readonly undone: readonly string[];
  /** The first failure. */
  readonly cause?: unknown;
  /** What the saga answered. */
  readonly result?: unknown;
  /** The step that a stuck run is stuck at, and why. */
  readonly stuckAt?: string;
  readonly stuckBecause?: unknown;
  /** The run in one sentence. */
  toString(): string;
}

export function absent(saga: string, id: string): SagaView {
  const nothing = { steps: [], ran: [], undone: [] };
  return { saga, id, status: 'absent', ...nothing, toString: () => `${saga === '' ? '' : `${saga} `}"${id}" does not exist` };
}

/** Reads a run's journal. */
export function viewOf({ head, entries }: Loaded, codec: Codec): SagaView {
  const reading = new Reading(codec);
  for (const entry of entries) reading.add(entry);
  const { steps, undone, facts } = reading;
  const ran = steps.filter(({ outcome }) => outcome === 'done').map(({ name }) => name);
  const view = { saga: head.name, id: head.id.slice(head.name.length + 1), status: head.status, steps, ran, undone, ...facts };
  return Object.assign(view, { toString: () => inWords(view) });
}

class Reading {
  readonly steps: StepOfRun[] = [];
  readonly undone: string[] = [];
  readonly facts: { cause?: unknown; result?: unknown; stuckAt?: string; stuckBecause?: unknown } = {};

  constructor(private readonly codec: Codec) {}

  add({ key, type, data }: Entry): void {
    const record = decodeRecord([this.codec], data) as Readonly<Record<string, unknown>>;
    const step = this.stepOf(key, record);
    if (type === 'step.started') this.start(record);
    else if (step && type.startsWith('step.')) Object.assign(step, record);
    else if (type === 'saga.compensating') this.facts.cause = record['cause'];
    else if (type === 'saga.completed') this.facts.result = record['result'];
    else if (step && type === 'undo.completed' && record['late'] !== true) this.undone.push(step.name);
    else if (step && type === 'saga.stuck') Object.assign(this.facts, { stuckAt: step.name, stuckBecause: record['error'] });
  }

  private start(record: Readonly<Record<string, unknown>>): void {
    const { operation, occurrence, kind, args, key, pivot } = record;
    const name = occurrence === 1 ? String(operation) : `${String(operation)}#${String(occurrence)}`;
    const facts = { name, operation: String(operation), kind: String(kind), args: args as readonly unknown[], key: String(key) };
    this.steps.push({ n: this.steps.length + 1, ...facts, isPivot: pivot === true, outcome: 'open' });
  }

  /** The step that an entry speaks of: by its key, or by its number. */
  private stepOf(key: string, record: Readonly<Record<string, unknown>>): StepOfRun | undefined {
    const n = typeof record['n'] === 'number' ? record['n'] : Number(/^(?:step|undo):(\d+)/.exec(key)?.[1]);
    return this.steps[n - 1];
  }
}

function inWords(view: Omit<SagaView, 'toString'>): string {
  const steps = view.steps.map(({ name, outcome }) => `${name} ${outcome}`).join(', ') || 'no step';
  const undone = view.undone.length === 0 ? '' : `; undone: ${view.undone.join(', ')}`;
  const stuck = view.stuckAt === undefined ? '' : `; stuck at ${view.stuckAt}: ${message(view.stuckBecause)}`;
  const cause = view.cause === undefined ? '' : `; because: ${message(view.cause)}`;
  return `${view.saga} "${view.id}" is ${view.status} (${steps}${undone}${stuck}${cause})`;
}

export function message(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
