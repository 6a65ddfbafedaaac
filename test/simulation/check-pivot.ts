import type { Walk } from './check.js';
import type { BodyRecord, CommitRecord, ProbeRecord } from './history.js';
import { OPERATIONS } from './plan.js';
import type { Traits } from './plan.js';
import type { RunState, StepState } from './run-state.js';

/** The outside is asked what became of a pivot, or answers. */
export function checkProbe(walk: Walk, record: ProbeRecord): void {
  const run = walk.run(record.run);
  const { by, key, ending } = record;
  const known = `${by} ${key}`;
  if (ending === 'done') run.returned.add(known);
  if (ending === 'absent') run.absent.add(known);
  const step = run.byKey.get(key);
  walk.must(step?.pivot === true, 'intent-first', run.name, () => `somebody asks about ${key}, which is no pivot of the journal`);
}

/** The body of a pivot that can be asked about begins once more, or in a process that found its intent. */
export function checkRepeated(walk: Walk, run: RunState, step: StepState, { by, key, call }: BodyRecord): void {
  const traits: Traits = OPERATIONS[step.op as keyof typeof OPERATIONS] ?? {};
  if (!traits.probed) return;
  const found = (run.claimedBy.get(by) ?? -Infinity) > step.at;
  const asked = run.absent.delete(`${by} ${key}`);
  walk.must(
    asked || (call === 1 && !found),
    'probe-first',
    run.name,
    () => `${key} is called by ${by} for the ${call}. time, and it was not asked`,
  );
}

/** A pivot has settled. */
export function checkPivotOutcome(walk: Walk, run: RunState, { pivot, outcome, key }: StepState): void {
  walk.must(!pivot || outcome !== 'unknown', 'doubt', run.name, () => `${key} is called unknown, and it is a pivot`);
}

/** The decision to go back. */
export function checkDecision(walk: Walk, run: RunState, commit: CommitRecord, record: Record<string, unknown>): void {
  const open = run.steps.find(({ pivot, outcome }) => pivot && outcome === undefined);
  walk.must(open === undefined, 'doubt', run.name, () => `it goes back, and nobody knows what became of ${open?.key}`);
  // One that is taken back by its parent is told the parent's cause.
  const { code } = (record['cause'] ?? {}) as { code?: unknown };
  if (code !== 'SAGA_DEADLINE' || run.status === 'completed' || walk.history.clockJumped) return;
  const early = (run.deadlineAt ?? Infinity) - commit.at;
  walk.must(early < 1, 'deadline-kept', run.name, () => `it goes back for its deadline, ${early} ms before it`);
}
