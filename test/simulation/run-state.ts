import { createHash } from 'node:crypto';
import { createCodec, decodeRecord } from '@redress/core';
import type { NewEntry } from '@redress/core';
import type { BodyRecord, CommitRecord, UndoRecord } from './history.js';
import { CHILD_PREFIX } from './sagas.js';

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
  /** When each process claimed it last, and by the store's clock. */
  readonly claimedAt = new Map<string, number>();
  readonly claimedBy = new Map<string, number>();
  /** When each process went on with it last, once it had read it. */
  readonly takenUpAt = new Map<string, number>();
  /** By the store's clock. */
  deadlineAt: number | undefined;
  /** Claims since something was written to it that says something new. */
  idleClaims = 0;
  /** Processes and keys of which a probe has said that the outside has never seen them, and nobody called them since. */
  readonly absent = new Set<string>();
  /** Of a child: whose step it is. */
  parent: { readonly run: RunState; readonly n: number } | undefined;
  args: readonly unknown[] = [];
  /** Keys with a body or an undo that has returned, and in which process. */
  readonly returned = new Set<string>();
  readonly keysInJournal = new Set<string>();

  constructor(readonly name: string) {}

  step(n: number): StepState | undefined {
    return this.steps[n - 1];
  }

  /** The point of no return is passed, or may be. */
  get pivotInTheWay(): boolean {
    return this.pivotPassed || this.steps.some(({ pivot, outcome }) => pivot && outcome !== 'refused');
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

/** The run that a step is, when it is a saga. */
export function childOf({ op, key }: Pick<StepState, 'op' | 'key'>): string | undefined {
  if (!op.startsWith(CHILD_PREFIX)) return undefined;
  const id = key.length <= 200 ? key : `of ${createHash('sha256').update(key).digest('base64url')}`;
  return `${op.slice(CHILD_PREFIX.length)}/${id}`;
}

export function undoKey(n: number, late: boolean): string {
  return late ? `undo:${n}/late` : `undo:${n}`;
}

export function decoded(entry: NewEntry): Record<string, unknown> {
  return decodeRecord(CODECS, entry.data) as Record<string, unknown>;
}

/** What stands beside the status: an own reading of it, too. */
export interface HeadMeta {
  readonly pivot?: string;
  readonly held?: boolean;
  readonly deadlineAt?: number;
  readonly handBacks?: number;
}

export function metaOf({ meta }: CommitRecord): HeadMeta {
  return meta === '' ? {} : (JSON.parse(meta) as HeadMeta);
}
