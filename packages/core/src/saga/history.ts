import type { Codec } from '../base/codec.js';
import { CodecError } from '../base/errors.js';
import type { Entry } from '../base/store.js';
import { recordOf } from './records.js';
import type { EndRecord, FrozenRecord, IntentRecord, JournalRecord, OutcomeRecord, StartedRecord, StuckRecord } from './records.js';

/** One step as the journal knows it. */
export interface StepHistory {
  readonly n: number;
  readonly intent: IntentRecord;
  outcome?: OutcomeRecord;
  /** Its intent was found, not written by this pass: an attempt whose outcome nobody learned may have been made. */
  readonly found: boolean;
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
  private readonly undoneKeys: string[] = [];
  stuck: StuckRecord[] = [];
  end: { readonly status: 'completed' | 'compensated'; readonly record: EndRecord } | undefined;

  /** @throws CodecError when an entry is damaged. */
  static read(codecs: readonly Codec[], entries: readonly Entry[]): History {
    const history = new History();
    for (const entry of entries) {
      const record = recordOf(codecs, entry);
      if (record) history.add(record, true);
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

  add(one: JournalRecord, found = false): void {
    switch (one.type) {
      case 'saga.started':
        this.started = one.record;
        break;
      case 'step.started':
        this.addStep({ n: one.n, intent: one.record, found });
        break;
      case 'step.completed':
      case 'step.refused':
      case 'step.unknown': {
        const step = this.step(one.n);
        step.outcome = one.record;
        this.settled.push(step);
        break;
      }
      case 'saga.compensating':
        this.decided = true;
        this.cause = one.record.cause;
        break;
      case 'undo.frozen':
        this.frozen = one.record;
        break;
      case 'undo.completed':
        this.undoneKeys.push(one.key);
        break;
      case 'saga.stuck':
        this.stuck.push(one.record);
        break;
      case 'saga.completed':
      case 'saga.compensated':
        this.end = { status: one.type === 'saga.completed' ? 'completed' : 'compensated', record: one.record };
        break;
      case 'run.parked':
        break;
    }
  }

  isUndone(n: number, late: boolean): boolean {
    return this.undoneKeys.includes(undoneKey(n, late));
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
