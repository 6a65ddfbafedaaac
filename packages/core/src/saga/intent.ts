import { decodeRecord, encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { CodecError, ConfigurationError, messageOf } from '../base/errors.js';
import type { Data } from '../base/store.js';
import type { Operation } from './definition.js';
import type { History } from './history.js';
import type { IntentRecord, OutcomeRecord, StartedRecord } from './records.js';
import type { StepOutcome } from './step-call.js';

/** The intent of a call, encoded now, and the decoded copy: what the body does to its arguments later does not count. */
export function encodeIntent(
  codecs: readonly Codec[],
  history: History,
  operation: Operation,
  occurrence: number,
  args: readonly unknown[],
): { data: Data; intent: IntentRecord } {
  const intent = intentOf(history, operation, occurrence, args);
  const data = encodeRecord(codecs[0] as Codec, intent);
  return { data, intent: args.every(isPrimitive) ? intent : (decodeRecord(codecs, data) as IntentRecord) };
}

/** A value that nobody can change: its decoded copy is itself. */
function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

/** What an undo will need, and the key that the outside will see. */
function intentOf(history: History, operation: Operation, occurrence: number, args: readonly unknown[]): IntentRecord {
  const { name, hash, pivot, compensateRefused } = operation;
  const kind = operation.wait ?? (operation.compensation ? 'compensated' : operation.readOnly ? 'readOnly' : 'irreversible');
  const compensation = operation.compensation?.name ?? operation.irreversible;
  const key = forwardKey(history.started as StartedRecord, name, occurrence);
  const intent: IntentRecord = { operation: name, occurrence, args: [...args], key, kind, hash };
  if (compensation === undefined && !pivot && !compensateRefused) return intent;
  return {
    ...intent,
    ...(compensation === undefined ? {} : { compensation }),
    ...(pivot ? { pivot } : {}),
    ...(compensateRefused ? { compensateRefused } : {}),
  };
}

/** `<saga>/<id>~<nonce>/<operation>[#n]`: constant over retries and crashes, never used by another run. */
function forwardKey(run: StartedRecord, operation: string, occurrence: number): string {
  const base = `${run.saga}/${run.id}~${run.nonce}/${operation}`;
  return occurrence === 1 ? base : `${base}#${occurrence}`;
}

/**
 * The record of an outcome, encoded now: what happens to the result later is not a part of it. The record given back
 * is the decoded copy, which a replay would give. A result that cannot be encoded makes the step unknown: its effect
 * may be there, and the answer cannot be kept.
 */
export function encodeOutcome(codecs: readonly Codec[], outcome: StepOutcome): { data: Data; record: OutcomeRecord } {
  const codec = codecs[0] as Codec;
  let data: Data;
  try {
    const record = recordOfOutcome(outcome);
    data = encodeRecord(codec, record);
    if (record.outcome === 'done' && isPrimitive(record.result)) return { data, record };
  } catch (error) {
    // An error with fields that cannot be kept stays the kind of outcome that it was.
    const kind = outcome.outcome === 'done' ? 'unknown' : outcome.outcome;
    data = encodeRecord(codec, { outcome: kind, error: outcome.outcome === 'done' ? codecError(error) : plainError(outcome.error) });
  }
  return { data, record: decodeRecord(codecs, data) as OutcomeRecord };
}

function recordOfOutcome(outcome: StepOutcome): OutcomeRecord {
  if (outcome.outcome !== 'done') return { outcome: outcome.outcome, error: outcome.error };
  const { alsoUnknown, result, signal } = outcome;
  const record: OutcomeRecord = result === undefined ? { outcome: 'done', alsoUnknown } : { outcome: 'done', result, alsoUnknown };
  return signal === undefined ? record : { ...record, signal };
}

function codecError(error: unknown): CodecError {
  return error instanceof CodecError ? new CodecError(error.message, error.path) : new CodecError(messageOf(error), '');
}

/** An error as much of which can always be kept: name, message and code. */
export function plainError(error: unknown): Error {
  const plain = new Error(messageOf(error));
  const name = textOf(error, 'name');
  const code = textOf(error, 'code');
  if (name !== undefined) plain.name = name;
  return code === undefined ? plain : Object.assign(plain, { code });
}

/** A field of a thrown value, when it is a text that everything can hold. */
export function textOf(error: unknown, field: string): string | undefined {
  try {
    const value: unknown = (error as Record<string, unknown> | null | undefined)?.[field];
    // oxlint-disable-next-line no-control-regex -- what no store and no screen takes
    return typeof value === 'string' && value !== '' ? value.replace(/[\0-\x1f\x7f]/g, ' ').slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}

export function unknownStep(name: string): ConfigurationError {
  return new ConfigurationError([
    {
      subject: `step ${name}`,
      cause: 'the runtime does not know it, so no other process could undo it.',
      remedy: 'Add it to `steps` of createRuntime, or its class to `classes` of redress.',
    },
  ]);
}

/** A value in a sentence. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
