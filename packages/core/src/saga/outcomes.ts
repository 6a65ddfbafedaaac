import type { Codec } from '../base/codec.js';
import type { CodecError } from '../base/errors.js';
import type { Data } from '../base/store.js';
import type { Called } from './calls.js';
import { encodeOutcome } from './intent.js';
import type { Journal } from './journal.js';
import { OUTCOME_TYPE } from './records.js';
import type { OutcomeRecord } from './records.js';
import type { StepOutcome } from './step-call.js';

/** An outcome, encoded as it settled. */
export interface Settled {
  readonly called: Called;
  readonly data: Data;
  /** The decoded copy: what a replay gives. */
  readonly record: OutcomeRecord;
}

/** The outcomes of one pass that settled and were not recorded yet, in the order in which they settled. */
export class Outcomes {
  private readonly queue: Settled[] = [];
  private originals: WeakMap<object, unknown> | undefined;

  constructor(
    private readonly journal: Journal,
    private readonly codecs: readonly Codec[],
  ) {}

  get size(): number {
    return this.queue.length;
  }

  /** Answers what is wrong with a result that cannot be kept where there is no way back: nothing is recorded then. */
  add(called: Called, outcome: StepOutcome): CodecError | undefined {
    const { data, record } = encodeOutcome(this.codecs, outcome);
    const isLost = outcome.outcome === 'done' && record.outcome === 'unknown';
    if (isLost && (called.operation.pivot || this.journal.meta.pivot === 'passed')) return record.error as CodecError;
    called.state = 'settled';
    if ('error' in record && 'error' in outcome && typeof record.error === 'object' && record.error !== null) {
      (this.originals ??= new WeakMap()).set(record.error, outcome.error);
    }
    this.queue.push({ called, data, record });
    return undefined;
  }

  /** The error that a step threw here, for the copy of it that the body was given. */
  original(error: unknown): unknown {
    return this.originals?.get(error as object) ?? error;
  }

  /** Buffers the next one for the journal, and answers it. */
  record(): Settled | undefined {
    const next = this.queue.shift();
    if (!next) return undefined;
    const { called, data, record } = next;
    this.journal.addEntry({ key: `step:${called.n}/outcome`, type: OUTCOME_TYPE[record.outcome], data }, record, called.n);
    if (called.operation.pivot) this.journal.note({ pivot: record.outcome === 'done' ? 'passed' : undefined });
    return next;
  }
}
