import type { Codec } from '../base/codec.js';
import { CodecError } from '../base/errors.js';
import type { Entry } from '../base/store.js';
import { recordOf } from './records.js';
import type {
  EndRecord,
  FrozenRecord,
  IntentRecord,
  JournalRecord,
  OutcomeRecord,
  SignalRecord,
  StartedRecord,
  StuckRecord,
  VerbRecord,
} from './records.js';

/** One step as the journal knows it. */
export interface StepHistory {
  readonly n: number;
  readonly intent: IntentRecord;
  outcome?: OutcomeRecord;
  /** Evidence that its body kept. */
  notes?: unknown[];
  /** Its intent was found, not written by this pass: an attempt whose outcome nobody learned may have been made. */
  readonly found: boolean;
  /** When its intent was committed, in milliseconds of the store's clock; undefined while this pass holds it alone. */
  readonly at: number | undefined;
}

/** A signal that came, and whether a `receive` was given it. */
export interface SignalHistory {
  readonly key: string;
  readonly record: SignalRecord;
  readonly at: number;
  consumed: boolean;
}

/** A run's journal read from the start, and kept up as entries are added: plain facts, no behaviour. */
export class History {
  started: StartedRecord | undefined;
  /** In start order: position n stands at index n - 1. */
  readonly steps: StepHistory[] = [];
  /** Steps in the order in which their outcomes were recorded: the order of replay. */
  readonly settled: StepHistory[] = [];
  private byCall: Map<string, StepHistory> | undefined;
  cause: unknown;
  decided = false;
  frozen: FrozenRecord | undefined;
  private undoneKeys: Set<string> | undefined;
  readonly signals: SignalHistory[] = [];
  cancel: VerbRecord | undefined;
  waived = false;
  stuck: StuckRecord[] = [];
  end: { readonly status: 'completed' | 'compensated' | 'mixed'; readonly record: EndRecord } | undefined;

  /** @throws CodecError when an entry is damaged. */
  static read(codecs: readonly Codec[], entries: readonly Entry[]): History {
    const history = new History();
    for (const entry of entries) {
      const record = recordOf(codecs, entry);
      if (record) history.add(record, entry.at);
    }
    if (!history.started) throw new CodecError('The journal has no beginning.', '');
    return history;
  }

  /** The `occurrence`-th call of an operation, among the steps that were there when this was asked first. */
  call(operation: string, occurrence: number): StepHistory | undefined {
    this.byCall ??= new Map(this.steps.map((step) => [`${step.intent.operation}#${step.intent.occurrence}`, step]));
    return this.byCall.get(`${operation}#${occurrence}`);
  }

  step(n: number): StepHistory {
    const step = this.steps[n - 1];
    if (!step) throw new CodecError(`The journal mentions step ${n}, which it does not hold.`, '');
    return step;
  }

  /** `at`: when it was committed; undefined for what this pass adds itself. */
  add(one: JournalRecord, at?: number): void {
    switch (one.type) {
      case 'saga.started':
        this.started = one.record;
        break;
      case 'step.started':
        this.addStep({ n: one.n, intent: one.record, found: at !== undefined, at });
        break;
      case 'step.noted':
        (this.step(one.n).notes ??= []).push(one.record.value);
        break;
      case 'step.completed':
      case 'step.refused':
      case 'step.unknown': {
        const step = this.step(one.n);
        step.outcome = one.record;
        this.settled.push(step);
        if (one.record.outcome === 'done' && one.record.signal !== undefined) this.consume(one.record.signal);
        break;
      }
      case 'saga.compensating':
        this.decided = true;
        this.cause = one.record.cause;
        break;
      case 'undo.frozen':
        this.frozen = one.record;
        break;
      case 'undo.waived':
        this.waived = true;
        (this.undoneKeys ??= new Set()).add(one.key);
        break;
      case 'undo.completed':
      case 'undo.marked':
        (this.undoneKeys ??= new Set()).add(one.key);
        break;
      case 'signal.received':
        this.signals.push({ key: one.key, record: one.record, at: at ?? 0, consumed: false });
        break;
      case 'cancel.requested':
        this.cancel ??= one.record;
        break;
      case 'saga.stuck':
        this.stuck.push(one.record);
        break;
      case 'saga.completed':
        this.end = { status: 'completed', record: one.record };
        break;
      case 'saga.compensated':
        this.end = { status: 'compensated', record: one.record };
        break;
      case 'saga.mixed':
        this.end = { status: 'mixed', record: one.record };
        break;
      case 'run.held':
      case 'run.released':
      case 'run.retried':
      case 'deadline.extended':
        break;
    }
  }

  /** How many undos the journal calls done. */
  get undoneCount(): number {
    return this.undoneKeys?.size ?? 0;
  }

  isUndone(n: number, late: boolean): boolean {
    return this.undoneKeys?.has(undoneKey(n, late)) ?? false;
  }

  private consume(key: string): void {
    const signal = this.signals.find((one) => one.key === key);
    if (signal) signal.consumed = true;
  }

  private addStep(step: StepHistory): void {
    if (step.n !== this.steps.length + 1) throw new CodecError(`The journal holds step ${step.n} out of its place.`, '');
    this.steps.push(step);
  }
}

/** Key under which an undo is recorded. */
export function undoneKey(n: number, late: boolean): string {
  return late ? `undo:${n}/late` : `undo:${n}`;
}
