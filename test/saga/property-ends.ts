import { createCodec, decodeRecord } from '@redress/core';
import type { Happening } from './property-outside.js';
import type { Lived } from './property-life.js';
import type { Performed } from './property-plan.js';

/** A step as its entries tell of it: an own reading, which owes nothing to the engine's. */
interface Told {
  readonly n: number;
  readonly key: string;
  readonly kind: string;
  readonly plan: Performed | undefined;
  readonly compensateRefused: boolean;
  outcome: 'open' | 'done' | 'refused' | 'unknown';
  alsoUnknown: boolean;
  /** A person said what became of it. */
  byHand: boolean;
}

interface Journal {
  readonly steps: readonly Told[];
  /** Keys of the undos that are settled, and how. */
  readonly undone: ReadonlyMap<string, 'undo.completed' | 'undo.marked' | 'undo.waived'>;
  readonly types: readonly string[];
}

const CODECS = [createCodec()];

function read({ loaded, steps }: Lived): Journal {
  const told: Told[] = [];
  const undone = new Map<string, 'undo.completed' | 'undo.marked' | 'undo.waived'>();
  for (const { key, type, data } of loaded.entries) {
    const record = decodeRecord(CODECS, data) as Record<string, unknown>;
    const n = Number(/^(?:step|undo):(\d+)/.exec(key)?.[1] ?? 0);
    if (type === 'step.started') {
      const { key: own, kind, args, compensateRefused } = record as { key: string; kind: string; args: number[]; compensateRefused?: true };
      const plan = kind === 'sleep' ? undefined : steps[args[0] ?? 0];
      told.push({
        n,
        key: own,
        kind,
        plan,
        compensateRefused: compensateRefused ?? false,
        outcome: 'open',
        alsoUnknown: false,
        byHand: false,
      });
    } else if (type.startsWith('step.')) {
      const step = told[n - 1] as Told;
      step.outcome = record['outcome'] as Told['outcome'];
      step.alsoUnknown = record['alsoUnknown'] === true;
      step.byHand = 'by' in record;
    } else if (type === 'undo.completed' || type === 'undo.marked' || type === 'undo.waived') {
      undone.set(key, type);
    }
  }
  return { steps: told, undone, types: loaded.entries.map(({ type }) => type) };
}

/** What is wrong with how the run ended, judged by what is outside and by what the journal holds. */
export function endProblems(lived: Lived): readonly string[] {
  const journal = read(lived);
  const problems = [...lived.outside.wrong, ...truthProblems(lived, journal), ...undoProblems(lived, journal)];
  const { status } = lived.loaded.head;
  if (status === 'completed') problems.push(...completedProblems(lived, journal));
  if (status === 'compensated' || status === 'mixed') problems.push(...undoneProblems(lived, journal, status));
  // Only new code helps a body that fails behind its pivot.
  const beyondHelp = lived.givenUp && lived.view.pivot === 'passed' && !journal.types.includes('saga.compensating');
  if (!beyondHelp && !['completed', 'compensated', 'mixed'].includes(status)) problems.push(`it ended ${status}`);
  return problems;
}

/** What the journal says of a step is so. */
function truthProblems({ outside, view, loaded }: Lived, { steps }: Journal): readonly string[] {
  const problems: string[] = [];
  const has = (what: Happening['what'], key: string): boolean => outside.log.some((one) => one.what === what && one.key === key);
  for (const step of steps) {
    if (step.plan === undefined) continue;
    const { key, outcome, byHand } = step;
    if (outcome === 'done' && !byHand && !has('returned', key) && !has('landed', key)) problems.push(`${key} is called done, and was not`);
    if (outcome === 'refused' && !byHand && !step.compensateRefused && has('landed', key))
      problems.push(`${key} is called refused, and had its effect`);
    const shown = view.steps[step.n - 1];
    if (shown?.outcome !== outcome || shown.key !== key) problems.push(`${key} is shown as ${shown?.outcome}`);
  }
  for (const { key } of outside.log)
    if (!steps.some((step) => step.key === key)) problems.push(`${key} was called, and the journal does not know it`);
  if (view.status !== loaded.head.status) problems.push(`it is shown as ${view.status}`);
  return problems;
}

/** Undos: only of what may have had an effect, told what the journal knows, in the reverse order of the starts. */
function undoProblems({ outside }: Lived, { steps, types }: Journal): readonly string[] {
  const problems: string[] = [];
  const started = [...new Set(outside.log.flatMap((one) => (one.what === 'call' ? [one.key] : [])))];
  const place = new Map(started.map((key, at) => [key, at]));
  let last: { readonly n: number; readonly at: number; readonly late: boolean } | undefined;
  let undoing = false;
  for (const one of outside.log) {
    if (one.what === 'call' && undoing) problems.push(`${one.key} was called when undoing had begun`);
    if (one.what !== 'undo') continue;
    undoing = true;
    const step = steps.find(({ key }) => key === one.key);
    if (!step) continue;
    const say = (what: string): void => void problems.push(`the undo of ${one.key}${one.late ? ', late' : ''}: ${what}`);
    if (step.kind !== 'compensated') say('there is none');
    if (step.outcome === 'refused' && !step.compensateRefused) say('it was refused');
    if (one.outcome !== (step.outcome === 'done' ? 'done' : 'unknown')) say(`told ${one.outcome}, and it is ${step.outcome}`);
    if (one.undoKey !== `${one.key}/undo${one.late ? '/late' : ''}`) say(`its key is ${one.undoKey}`);
    const before = last?.late === one.late ? last : undefined;
    // What never began has no place among the starts.
    const at = place.get(one.key) ?? before?.at ?? Infinity;
    if (last?.late === true && !one.late) say('after a second look');
    else if (before && (step.n > before.n || at > before.at)) say(`after that of step ${before.n}`);
    last = { n: step.n, at, late: one.late };
  }
  if (undoing && !types.includes('saga.compensating')) problems.push('something was undone without a decision');
  return problems;
}

function completedProblems({ outside }: Lived, { steps, types }: Journal): readonly string[] {
  const problems: string[] = [];
  if (outside.log.some(({ what }) => what === 'undo')) problems.push('completed, and something was undone');
  const backward = types.filter((type) => type.startsWith('undo.') || type === 'saga.compensating');
  if (backward.length > 0) problems.push(`completed, with ${backward.join()}`);
  if (types.includes('cancel.requested') && !steps.some(({ plan }) => plan?.pivot)) problems.push('completed, and it was cancelled');
  for (const { key, kind, plan, outcome, byHand } of steps) {
    const caught = plan?.caught === true && (outcome === 'refused' || outcome === 'unknown');
    if (outcome !== 'done' && !caught) problems.push(`completed, and ${key} is ${outcome}`);
    if (outcome === 'done' && !byHand && plan && kind !== 'readOnly' && !outside.present.has(key))
      problems.push(`completed, and ${key} is not there`);
  }
  return problems;
}

/** E15: every step with a possible effect was undone, marked with evidence or never started; mixed when a person waived one. */
function undoneProblems({ outside, view }: Lived, { steps, undone, types }: Journal, status: string): readonly string[] {
  const problems: string[] = [];
  const waived = [...undone].filter(([, how]) => how === 'undo.waived').map(([key]) => key);
  if ((status === 'mixed') !== waived.length > 0) problems.push(`${status}, and waived was ${waived.join() || 'nothing'}`);
  if (types.includes('saga.completed')) problems.push(`${status}, and completed`);
  for (const { n, key, kind, plan, outcome, alsoUnknown, compensateRefused } of steps) {
    if (kind !== 'compensated') continue;
    const settled = [undone.get(`undo:${n}`), undone.get(`undo:${n}/late`)];
    const byHand = settled.some((how) => how === 'undo.marked' || how === 'undo.waived');
    if (outside.present.has(key) && !byHand) problems.push(`${status}, and the effect of ${key} is there`);
    if (outcome === 'refused' && !compensateRefused) continue;
    const twice = plan?.kind === 'partial' && (outcome !== 'done' || alsoUnknown);
    for (const [at, how] of settled.slice(0, twice ? 2 : 1).entries()) {
      if (how === undefined) problems.push(`${status}, and ${key} was not undone${at === 1 ? ' a second time' : ''}`);
      if (how === 'undo.completed' && !wasUndone(outside.log, key, at === 1))
        problems.push(`${key} is called undone, and no undo of it returned`);
    }
    const shown = view.steps[n - 1]?.undo;
    if (shown === undefined || shown === 'pending' || shown === 'stuck')
      problems.push(`${status}, and the undo of ${key} is shown as ${shown}`);
  }
  return problems;
}

function wasUndone(log: readonly Happening[], key: string, late: boolean): boolean {
  return log.some((one) => one.what === 'undone' && one.key === key && one.late === late);
}
