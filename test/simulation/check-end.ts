import type { Walk } from './check.js';
import { checkChildEnd } from './check-children.js';
import type { CallerRecord } from './history.js';
import { childOf } from './run-state.js';
import type { RunState } from './run-state.js';

/** What must hold when everything is over: for each run, its effects and its callers. */
export function checkEnd(walk: Walk): void {
  const { history } = walk;
  walk.must(history.ended, 'ends', '', () => 'something did not come to its end');
  walk.must(history.waiting.size === 0, 'answers', '', () => `callers ${[...history.waiting].join()} were not answered`);
  for (const run of walk.runs.values()) {
    if (run.version === 0) continue;
    const ended = run.end !== undefined || run.isStuck;
    walk.must(ended, 'ends', run.name, () => `it is ${run.status} in the end`);
    checkEffects(walk, run);
    const expected = history.sequential.get(run.name);
    const wanted = expected === undefined || run.foreign > 0 || run.unborn || run.commits === expected;
    walk.must(wanted, 'commits', run.name, () => `${run.commits} commits instead of ${expected}`);
  }
  for (const key of history.effects.keys()) walk.must(walk.keys.has(key), 'intent-first', '', () => `${key} is there without an intent`);
  checkCallers(walk);
}

function checkEffects(walk: Walk, run: RunState): void {
  const { effects, clockJumped, total } = walk.history;
  const stuckAt = run.stuck?.n ?? 0;
  for (const step of run.steps) {
    const { n, op, key, kind, outcome, byHand, pivot } = step;
    if (childOf(step) !== undefined) {
      checkChildEnd(walk, run, step);
      continue;
    }
    if (kind === 'readOnly' || kind === 'sleep' || kind === 'receive' || byHand || run.waived.includes(n)) continue;
    walk.must(
      outcome !== 'refused' || !walk.landed.has(key),
      'refused-true',
      run.name,
      () => `${key} is called refused, and it had an effect`,
    );
    if (run.end?.status === 'completed' && outcome === 'done') {
      walk.must(effects.has(key), 'effects-stay', run.name, () => `${key} is done, and not there`);
    }
    const gone = run.end === undefined || run.end.status === 'completed' || !pivot;
    walk.must(gone || !effects.has(key), 'doubt', run.name, () => `${key} is a pivot and there, and the run is ${run.end?.status}`);
    // One that is stuck on its way forward has undone nothing.
    const wentBack = run.isStuck && run.frozen !== undefined && n > stuckAt && !awaitsSecondLook(run, n);
    const undone = (run.end !== undefined && run.end.status !== 'completed') || wentBack;
    // A second look comes too early by as much as the store's clock has jumped.
    const surely = kind === 'compensated' && (!clockJumped || total.has(op));
    if (undone && surely) walk.must(!effects.has(key), 'effects-go', run.name, () => `${key} is undone, and there`);
  }
}

function awaitsSecondLook(run: RunState, n: number): boolean {
  return run.frozen?.late.includes(n) === true && !run.isUndone(n, true);
}

/** A start that was sent before all was well may give up after that. */
const GIVE_UP_MS = 3_000;
/** What a caller may be told when the run is not at its end, or cannot be asked for. */
const NO_ANSWER: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'RUNTIME_STOPPED', 'SAGA_STILL_RUNNING']);
const ANSWER: Readonly<Record<string, string>> = {
  SAGA_COMPENSATED: 'compensated',
  SAGA_STUCK: 'stuck',
  SAGA_MIXED: 'mixed',
  completed: 'completed',
};

function checkCallers(walk: Walk): void {
  const { records } = walk.history;
  const wellAt = walk.wellAt === Infinity ? 0 : walk.wellAt;
  const calls = new Map<number, CallerRecord>();
  const createdAt = new Map<string, number>();
  const stopped = new Set(records.flatMap((one) => (one.kind === 'fault' && one.what === 'stop' ? [one.by] : [])));
  for (const [at, record] of records.entries()) {
    walk.t = record.t;
    walk.at = at;
    if (record.kind === 'commit' && record.created) createdAt.set(record.run, record.t);
    if (record.kind === 'call') calls.set(record.caller, record);
    if (record.kind !== 'answer') continue;
    const calledAt = calls.get(record.caller)?.t ?? 0;
    if (NO_ANSWER.has(record.answer ?? '')) {
      const told = `caller ${record.caller} was told ${record.answer}, and all was well`;
      walk.must(calledAt < wellAt || record.t < wellAt + GIVE_UP_MS || stopped.has(record.by), 'answers', record.run, () => told);
    } else checkAnswer(walk, record, calledAt, createdAt.get(record.run));
  }
}

function checkAnswer(walk: Walk, record: CallerRecord, calledAt: number, createdAt: number | undefined): void {
  const { run: name, caller, input, answer = '', value } = record;
  const run = walk.run(name);
  const must = (holds: boolean, rule: Parameters<Walk['must']>[1], what: string): void =>
    walk.must(holds, rule, name, () => `caller ${caller} was told ${answer} ${value}, ${what}`);
  if (answer === 'SAGA_NOT_FOUND')
    return must(input === undefined && !(createdAt !== undefined && createdAt < calledAt), 'answers', 'and it was there');
  const other = input !== undefined && input !== run.input && !run.unborn;
  if (answer === 'SAGA_ID_CONFLICT') return must(other, 'id-and-input', 'and the input was the same');
  must(!other, 'id-and-input', `with another input than ${run.input}`);
  const status = run.end?.status ?? run.status;
  // A caller is told that a run is stuck, and does not wait for the person who resolves it.
  const wasStuck = answer === 'SAGA_STUCK' && run.stuck !== undefined;
  must(wasStuck || ANSWER[answer] === status, 'answers', `and the run is ${status}`);
  if (answer === 'completed') must(value === JSON.stringify(run.end?.result), 'answers', 'and the journal holds another result');
}
