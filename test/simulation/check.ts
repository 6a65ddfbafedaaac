import type { CallerRecord, ClaimRecord, CommitRecord, History, SimRecord } from './history.js';
import { checkEntry } from './check-entries.js';
import { checkBody, checkEffect, checkEvent, checkUndo } from './check-acts.js';
import { checkChildCommit, checkPassed } from './check-children.js';
import { checkDeadline, checkIdle } from './check-deadline.js';
import { checkEnd } from './check-end.js';
import { checkProbe } from './check-pivot.js';
import { RunState } from './run-state.js';
import type { Rule, Violation } from './rules.js';

/** One walk over a history, with what is known so far. */
export class Walk {
  readonly runs = new Map<string, RunState>();
  /** Whose step a key is. */
  readonly keys = new Map<string, string>();
  /** Every key whose effect has landed once. */
  readonly landed = new Set<string>();
  /** Whose step a run is, by its name: from the intent on. */
  readonly parents = new Map<string, { readonly run: RunState; readonly n: number }>();
  /** Who wants runs to be started, so far. */
  readonly callers: CallerRecord[] = [];
  readonly violations: Violation[] = [];
  at = 0;
  t = 0;

  /** When faults stopped. */
  readonly wellAt: number;

  constructor(readonly history: History) {
    this.wellAt = history.records.find((one) => one.kind === 'fault' && one.what === 'all is well')?.t ?? Infinity;
  }

  run(name: string): RunState {
    let run = this.runs.get(name);
    if (!run) this.runs.set(name, (run = new RunState(name)));
    return run;
  }

  /** Notes a violation when what must hold does not. */
  must(holds: boolean, rule: Rule, run: string, what: () => string): void {
    if (!holds) this.violations.push({ rule, run, t: this.t, at: this.at, what: what() });
  }
}

/** Every violation of the rules in a history, in the order in which they happened. */
export function check(history: History): readonly Violation[] {
  const walk = new Walk(history);
  for (const record of history.records) {
    walk.t = record.t;
    checkRecord(walk, record);
    walk.at += 1;
  }
  checkEnd(walk);
  return walk.violations;
}

function checkRecord(walk: Walk, record: SimRecord): void {
  switch (record.kind) {
    case 'commit':
      return checkCommit(walk, record);
    case 'claim':
      return checkClaim(walk, record);
    case 'renew': {
      const run = walk.run(record.run);
      walk.must(record.owner === run.owner && record.version === run.version, 'one-owner', run.name, () => `${record.by} renewed a lease`);
      run.wakeAt = record.wakeAt;
      return;
    }
    case 'body':
    case 'body.end':
      return checkBody(walk, record);
    case 'undo':
    case 'undo.end':
      return checkUndo(walk, record);
    case 'effect':
      return checkEffect(walk, record);
    case 'event':
      return checkEvent(walk, record);
    case 'probe':
    case 'probe.end':
      return checkProbe(walk, record);
    case 'call':
      walk.callers.push(record);
      return undefined;
    case 'answer':
    case 'fault':
      return undefined;
  }
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  '': ['running', 'compensated', 'compensating', 'completed'],
  running: ['running', 'completed', 'compensating', 'compensated', 'stuck'],
  compensating: ['compensating', 'compensated', 'mixed', 'stuck'],
  stuck: ['running', 'compensating'],
  /** Of a child, whose parent goes back. */
  completed: ['compensating'],
};

/** What others than the owner may write, and what a person may write to a run that is stuck. */
const FOREIGN: ReadonlySet<string> = new Set(['signal.received', 'cancel.requested', 'run.held', 'run.released']);
const BY_HAND: ReadonlySet<string> = new Set(['run.retried', 'undo.marked', 'undo.waived', 'step.completed', 'step.refused']);

function checkCommit(walk: Walk, record: CommitRecord): void {
  const run = walk.run(record.run);
  const { name } = run;
  walk.must(record.version === run.version + 1, 'version-grows', name, () => `from ${run.version} to ${record.version}`);
  walk.must(record.created === (run.version === 0), 'version-grows', name, () => 'it was created again');
  // Nothing new, but a wake: a signal that came again.
  const again = record.entries.length === 0 && record.owner === run.owner && record.by !== run.owner;
  const foreign = again || (record.entries.length > 0 && record.entries.every(({ type }) => FOREIGN.has(type)));
  const resolved = run.isStuck && record.entries.length > 0 && record.entries.every(({ type }) => BY_HAND.has(type));
  const signalled = foreign && record.status === run.status;
  const takenBack = isTakenBack(run, record);
  if (takenBack) run.end = undefined;
  if (foreign) run.foreign += 1;
  walk.must(
    record.created || foreign || resolved || takenBack || record.by === run.owner,
    'one-owner',
    name,
    () => `${record.by} wrote, and ${run.owner} owns it`,
  );
  const open = run.end === undefined && (!run.isStuck || resolved || (signalled && !again));
  walk.must(open, 'end-is-final', name, () => `${record.by} wrote after ${run.status}`);
  walk.must(
    signalled || (NEXT[run.status]?.includes(record.status) ?? false),
    'status-fits',
    name,
    () => `from "${run.status}" to "${record.status}"`,
  );
  for (const entry of record.entries) {
    walk.must(!run.keysInJournal.has(entry.key), 'journal-shape', name, () => `${entry.key} stands there twice`);
    run.keysInJournal.add(entry.key);
    run.entries.set(entry.type, (run.entries.get(entry.type) ?? 0) + 1);
    checkEntry(walk, run, record, entry);
  }
  const { version, owner, wakeAt, status } = record;
  Object.assign(run, { version, owner, wakeAt, status });
  run.commits += 1;
  checkDeadline(walk, run, record);
  checkChildCommit(walk, run, record, takenBack);
  checkPassed(walk, run, record);
  walk.must(statusOf(run) === status, 'status-fits', name, () => `the head says ${status}, the journal ${statusOf(run)}`);
  const ended = run.end !== undefined || run.isStuck;
  walk.must(!ended || (owner === null && wakeAt === null), 'status-fits', name, () => 'it has ended, and is due or owned still');
}

/** A child that has completed is undone by its parent, and by nobody else. */
function isTakenBack(run: RunState, { entries }: CommitRecord): boolean {
  return run.end?.status === 'completed' && run.parent !== undefined && entries.length === 1 && entries[0]?.type === 'saga.compensating';
}

function statusOf(run: RunState): string {
  if (run.end) return run.end.status;
  if (run.isStuck) return 'stuck';
  return run.decidedAt === undefined ? 'running' : 'compensating';
}

function checkClaim(walk: Walk, record: ClaimRecord): void {
  const run = walk.run(record.run);
  walk.must(record.version === run.version + 1, 'version-grows', run.name, () => `from ${run.version} to ${record.version} by a claim`);
  const due = run.wakeAt !== null && run.wakeAt <= record.at && run.end === undefined;
  walk.must(due, 'claim-only-due', run.name, () => `${record.by} claimed it ${(run.wakeAt ?? Infinity) - record.at} ms before it was due`);
  const { version, owner, wakeAt } = record;
  Object.assign(run, { version, owner, wakeAt });
  run.claims += 1;
  run.claimedAt.set(record.by, record.t);
  run.claimedBy.set(record.by, record.at);
  checkIdle(walk, run);
}
