import { createCodec, decodeRecord } from '@redress/core';
import type { NewEntry } from '@redress/core';
import type { BodyRecord, UndoRecord } from './history.js';

const CODECS = [createCodec()];

export interface StepState {
  readonly n: number;
  readonly op: string;
  readonly key: string;
  readonly kind: 'compensated' | 'readOnly' | 'irreversible' | 'sleep' | 'receive';
  readonly pivot: boolean;
  readonly args: readonly unknown[];
  /** The store's clock at its intent. */
  readonly at: number;
  outcome?: 'done' | 'refused' | 'unknown';
  /** A person said so. */
  byHand?: boolean;
  alsoUnknown: boolean;
}

/** What the records so far say about one run: an own reading of the journal, that owes nothing to the engine's. */
export class RunState {
  version = 0;
  owner: string | null = null;
  wakeAt: number | null = null;
  status = '';
  input: string | undefined;
  readonly steps: StepState[] = [];
  readonly byKey = new Map<string, StepState>();
  decidedAt: number | undefined;
  frozen: { readonly list: readonly number[]; readonly late: readonly number[]; readonly lateAt?: number } | undefined;
  readonly undone: string[] = [];
  stuck: { readonly n: number; readonly error: unknown } | undefined;
  /** It is stuck now, and nobody has resolved it. */
  isStuck = false;
  /** Cancelled before anybody started it. */
  unborn = false;
  pivotPassed = false;
  cancelledAt: number | undefined;
  heldAt: number | undefined;
  readonly waived: number[] = [];
  /** Signals by key: the name, and whether a wait was given it. */
  readonly signals = new Map<string, { readonly name: string; given: boolean }>();
  /** Commits of others than the owner. */
  foreign = 0;
  end: { readonly status: string; readonly result?: unknown } | undefined;
  commits = 0;
  claims = 0;
  /** Entries and events of each type. */
  readonly entries = new Map<string, number>();
  readonly events = new Map<string, number>();
  readonly openBodies = new Set<BodyRecord>();
  readonly openUndos = new Set<UndoRecord>();
  /** When each process claimed it last. */
  readonly claimedAt = new Map<string, number>();
  /** Keys with a body or an undo that has returned, and in which process. */
  readonly returned = new Set<string>();
  readonly keysInJournal = new Set<string>();

  constructor(readonly name: string) {}

  step(n: number): StepState | undefined {
    return this.steps[n - 1];
  }

  /** What must be undone, as the journal stands. */
  get toUndo(): readonly StepState[] {
    return this.steps.filter(({ kind, outcome }) => kind === 'compensated' && outcome !== 'refused').toReversed();
  }

  isUndone(n: number, late: boolean): boolean {
    return this.undone.includes(undoKey(n, late));
  }

  /** All that is to be undone, in order: the list, then the second looks. */
  get order(): readonly string[] {
    const { list, late } = this.frozen ?? { list: [], late: [] };
    return [...list.map((n) => undoKey(n, false)), ...late.map((n) => undoKey(n, true))];
  }
}

export function undoKey(n: number, late: boolean): string {
  return late ? `undo:${n}/late` : `undo:${n}`;
}

export function decoded(entry: NewEntry): Record<string, unknown> {
  return decodeRecord(CODECS, entry.data) as Record<string, unknown>;
}
