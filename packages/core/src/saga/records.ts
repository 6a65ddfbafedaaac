import { decodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import type { Entry } from '../base/store.js';
import type { Audit } from './admin-types.js';

/*
 * What a journal holds. A type is an event's name; a key is said once in a run's life, and says which step is meant:
 * `started`, `step:<n>`, `step:<n>/note:<k>`, `step:<n>/outcome`, `compensating`, `undo`, `undo:<n>`, `undo:<n>/late`, `stuck:<k>`, `end`;
 * from outside the owner: `signal:<key>`, `cancel`, `audit:<word>`. `n` is the step's position among the intents of the
 * run, from 1: the start order. A durable wait stands among the steps, as one that changes nothing.
 */

export interface StartedRecord {
  readonly saga: string;
  readonly id: string;
  readonly version: number;
  readonly args: readonly unknown[];
  /** Fixed at creation: an id used again after a purge never meets the old keys at a bank. */
  readonly nonce: string;
}

/** How an operation is taken back, as it was declared when the intent was written. */
export type StepKind = 'compensated' | 'readOnly' | 'irreversible' | 'sleep' | 'receive';

export interface IntentRecord {
  readonly operation: string;
  /** Which call of this operation in this run, from 1. */
  readonly occurrence: number;
  readonly args: readonly unknown[];
  readonly key: string;
  readonly kind: StepKind;
  /** Name of the compensation, or why there is none. */
  readonly compensation?: string;
  readonly pivot?: true;
  readonly compensateRefused?: true;
  readonly hash: string;
}

export type OutcomeRecord =
  | {
      readonly outcome: 'done';
      readonly result?: unknown;
      readonly alsoUnknown: boolean;
      /** Key of the signal that a `receive` was given. */
      readonly signal?: string;
      readonly by?: Audit;
    }
  | { readonly outcome: 'refused'; readonly error: unknown; readonly by?: Audit }
  | { readonly outcome: 'unknown'; readonly error: unknown };

export interface DecisionRecord {
  /** The first failure; never overwritten. */
  readonly cause: unknown;
}

export interface FrozenRecord {
  /** Positions of the steps to undo, in the order of undoing. */
  readonly list: readonly number[];
  /** Those of them that get a second look, and when, in milliseconds of the store's clock. */
  readonly late: readonly number[];
  readonly lateAt?: number;
}

/** A piece of evidence that a step's body kept. */
export interface NoteRecord {
  readonly value: unknown;
}

export interface UndoneRecord {
  readonly attempts: number;
  /** The alternate undo did it. */
  readonly alternate?: true;
  readonly late: boolean;
}

export interface StuckRecord {
  readonly n: number;
  readonly error: unknown;
}

export interface SignalRecord {
  readonly name: string;
  readonly value?: unknown;
}

/** A verb of an operator. */
export interface VerbRecord extends Audit {
  readonly evidence?: unknown;
}

export interface EndRecord {
  readonly result?: unknown;
}

interface Records {
  'saga.started': StartedRecord;
  'step.started': IntentRecord;
  'step.noted': NoteRecord;
  'step.completed': OutcomeRecord;
  'step.refused': OutcomeRecord;
  'step.unknown': OutcomeRecord;
  'saga.compensating': DecisionRecord;
  'undo.frozen': FrozenRecord;
  'undo.completed': UndoneRecord;
  'saga.stuck': StuckRecord;
  'signal.received': SignalRecord;
  'cancel.requested': VerbRecord;
  'run.held': VerbRecord;
  'run.released': VerbRecord;
  'run.retried': VerbRecord;
  'deadline.extended': VerbRecord;
  'undo.marked': VerbRecord;
  'undo.waived': VerbRecord;
  'saga.completed': EndRecord;
  'saga.compensated': EndRecord;
  'saga.mixed': EndRecord;
}

export type RecordType = keyof Records;

/** One entry of a journal, decoded. */
export type JournalRecord = {
  readonly [T in RecordType]: {
    readonly type: T;
    readonly key: string;
    /** Position of the step that it speaks of; 0 for none. */
    readonly n: number;
    readonly record: Records[T];
  };
}[RecordType];

export type RecordOf<T extends RecordType> = Records[T];

/** The position of the step that a key speaks of; 0 when it speaks of none. */
function positionOf(key: string): number {
  return Number(/^(?:step|undo):(\d+)/.exec(key)?.[1] ?? 0);
}

export const OUTCOME_TYPE = { done: 'step.completed', refused: 'step.refused', unknown: 'step.unknown' } as const;

/** The record of an entry, or undefined for a type that this version does not know. @throws CodecError when it is damaged. */
export function recordOf(codecs: readonly Codec[], entry: Pick<Entry, 'key' | 'type' | 'data'>): JournalRecord | undefined {
  if (!TYPES.has(entry.type)) return undefined;
  return { type: entry.type, key: entry.key, n: positionOf(entry.key), record: decodeRecord(codecs, entry.data) } as JournalRecord;
}

const TYPES: ReadonlySet<string> = new Set<RecordType>([
  ...(['saga.started', 'step.started', 'step.noted', 'step.completed', 'step.refused', 'step.unknown'] as const),
  ...(['saga.compensating', 'undo.frozen', 'undo.completed', 'undo.marked', 'undo.waived', 'saga.stuck'] as const),
  ...(['signal.received', 'cancel.requested', 'run.held', 'run.released', 'run.retried', 'deadline.extended'] as const),
  ...(['saga.completed', 'saga.compensated', 'saga.mixed'] as const),
]);

const FOREIGN: ReadonlySet<string> = new Set<RecordType>([
  ...(['signal.received', 'cancel.requested', 'run.held', 'run.released', 'deadline.extended'] as const),
]);

/** What others may append while a run is owned. */
export function isForeign(type: string): boolean {
  return FOREIGN.has(type);
}
