import type { Codec } from '../base/codec.js';
import type { Entry, Loaded } from '../base/store.js';
import type { AuditView, RunSummary, RunView, StepView } from './admin-types.js';
import { History, undoneKey } from './history.js';
import type { StepHistory } from './history.js';
import { readMeta } from './meta.js';
import { recordOf } from './records.js';
import type { StartedRecord, VerbRecord } from './records.js';
import { legalVerbs } from './verbs.js';

const VERBS: Readonly<Record<string, string>> = {
  'cancel.requested': 'cancel',
  'run.held': 'hold',
  'run.released': 'release',
  'run.retried': 'retry',
  'deadline.extended': 'extend',
  'undo.marked': 'markCompensated',
  'undo.waived': 'waive',
  'step.completed': 'completeStep',
  'step.refused': 'refuseStep',
};

/** One run as a readable history, from its journal. @throws CodecError when a record cannot be read. */
export function viewOf(codecs: readonly Codec[], { head, entries }: Loaded, summary: RunSummary): RunView {
  const history = History.read(codecs, entries);
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const { version, args } = history.started as StartedRecord;
  const ended = byKey.get('end');
  return {
    ...summary,
    version,
    args,
    startedAt: byKey.get('started')?.at ?? 0,
    ...(ended ? { endedAt: ended.at } : {}),
    ...(history.end?.status === 'completed' ? { result: history.end.record.result } : {}),
    steps: history.steps.map((step) => stepView(step, history, byKey)),
    ...(head.status === 'stuck' ? stuckOn(history) : {}),
    verbs: legalVerbs(head.status, readMeta(head.meta), history.stuck.at(-1)?.n),
    audit: entries.flatMap((entry) => auditOf(codecs, entry, history)),
    signals: history.signals.map(({ record, at, consumed }) => ({ name: record.name, value: record.value, at, consumed })),
  };
}

function stuckOn(history: History): Pick<RunView, 'stuck'> {
  const last = history.stuck.at(-1);
  if (!last) return {};
  return { stuck: { ...(last.n === 0 ? {} : { step: history.step(last.n).intent.operation }), error: last.error } };
}

function stepView(step: StepHistory, history: History, byKey: ReadonlyMap<string, Entry>): StepView {
  const { n, intent, outcome } = step;
  const ended = byKey.get(`step:${n}/outcome`);
  const undone = byKey.get(undoneKey(n, true)) ?? byKey.get(undoneKey(n, false));
  const undo = undoOf(step, history, undone);
  return {
    n,
    operation: intent.operation,
    kind: intent.kind,
    args: intent.args,
    key: intent.key,
    startedAt: step.at ?? 0,
    outcome: outcome?.outcome ?? 'open',
    ...(outcome?.outcome === 'done' ? { result: outcome.result, alsoUnknown: outcome.alsoUnknown } : {}),
    ...(outcome && 'error' in outcome ? { error: outcome.error } : {}),
    ...(ended ? { endedAt: ended.at } : {}),
    ...(step.notes ? { notes: step.notes } : {}),
    ...(undo ? { undo } : {}),
    ...(undone ? { undoneAt: undone.at } : {}),
  };
}

function undoOf({ n }: StepHistory, history: History, undone: Entry | undefined): StepView['undo'] {
  if (!history.frozen?.list.includes(n)) return undefined;
  const whole = history.isUndone(n, false) && (!history.frozen.late.includes(n) || history.isUndone(n, true));
  if (whole) return undone?.type === 'undo.marked' ? 'marked' : undone?.type === 'undo.waived' ? 'waived' : 'undone';
  return history.stuck.at(-1)?.n === n ? 'stuck' : 'pending';
}

function auditOf(codecs: readonly Codec[], entry: Entry, history: History): readonly AuditView[] {
  const verb = VERBS[entry.type];
  const one = verb === undefined ? undefined : recordOf(codecs, entry);
  if (!one || verb === undefined) return [];
  const { record } = one as { record: Partial<VerbRecord> & { readonly by?: VerbRecord } };
  const audit = entry.type.startsWith('step.') ? record.by : record;
  if (audit?.who === undefined || audit.why === undefined) return [];
  const step = one.n === 0 ? {} : { step: history.step(one.n).intent.operation };
  const evidence = 'evidence' in audit ? { evidence: audit.evidence } : {};
  return [{ verb, who: audit.who, why: audit.why, at: entry.at, ...step, ...evidence }];
}
