import { SagaNotFoundError, SagaVerbError } from '@redress/core';
import type { Loaded } from '@redress/core';
import { metaOf } from './property-life.js';
import type { Lived, Tried, Written } from './property-life.js';
import type { Verb } from './property-plan.js';

type Status = 'running' | 'completed' | 'compensating' | 'compensated' | 'stuck' | 'mixed';

/** The table of statuses: from each, where a run may go. Nothing leads from an end, and nothing from back to forth. */
const WAYS: Readonly<Record<Status, readonly Status[]>> = {
  running: ['completed', 'compensating', 'stuck'],
  compensating: ['compensated', 'mixed', 'stuck'],
  stuck: ['running', 'compensating'],
  completed: [],
  compensated: [],
  mixed: [],
};

/** Entries that belong to one direction. */
const FORTH: ReadonlySet<string> = new Set(['step.started', 'saga.completed']);
const BACK: ReadonlySet<string> = new Set([
  'undo.frozen',
  'undo.completed',
  'undo.marked',
  'undo.waived',
  'saga.compensated',
  'saga.mixed',
]);

/** What is wrong with the way that the run took, commit by commit. */
export function wayProblems({ written }: Lived): readonly string[] {
  const problems: string[] = [];
  const way = new Way((what) => void problems.push(what));
  for (const one of written) way.take(one);
  return problems;
}

class Way {
  private status: Status | undefined;
  private decided = false;
  private version = 0;
  private cause: string | undefined;
  private commit!: Written;

  constructor(private readonly wrong: (what: string) => void) {}

  take(one: Written): void {
    this.commit = one;
    const { head, entries, what } = one;
    if (head.version !== this.version + 1) this.say(`version ${head.version} follows on ${this.version}`);
    this.version = head.version;
    if (this.status !== undefined && WAYS[this.status].length === 0) this.say(`it is written to, and was ${this.status}`);
    if (what === 'claim' && this.status === 'stuck') this.say('it is claimed, and was stuck');
    const unborn = entries[0]?.type === 'saga.started' && entries[1]?.type === 'cancel.requested';
    for (const { type, key } of entries) this.enter(type, key, unborn);
    if (head.status !== this.status) this.say(`its head says ${head.status}, and its journal ${this.status}`);
    const over = this.status !== 'running' && this.status !== 'compensating';
    if (over && (head.owner !== null || head.wakeAt !== null)) this.say(`it is ${this.status}, and owned or due`);
    const { cause } = metaOf(head);
    if (this.cause !== undefined && JSON.stringify(cause) !== this.cause)
      this.say(`its cause was ${this.cause}, and is ${JSON.stringify(cause)}`);
    this.cause = cause === undefined ? undefined : JSON.stringify(cause);
    if (this.decided && cause === undefined) this.say('it goes back without a cause');
  }

  private enter(type: string, key: string, unborn: boolean): void {
    if (FORTH.has(type) && this.decided) this.say(`${key} after the decision to go back`);
    if (BACK.has(type) && !this.decided && !unborn) this.say(`${key} without a decision to go back`);
    const outcome = type.startsWith('step.') && type !== 'step.started';
    const freed = type === 'run.retried' || type === 'undo.marked' || type === 'undo.waived' || (outcome && this.status === 'stuck');
    if (type === 'saga.started') this.status = 'running';
    else if (type === 'saga.compensating') {
      this.go('compensating');
      this.decided = true;
    } else if (type === 'saga.stuck') this.go('stuck');
    else if (freed) this.go(this.decided ? 'compensating' : 'running');
    else if (unborn && type === 'saga.compensated') this.status = 'compensated';
    else if (type === 'saga.completed' || type === 'saga.compensated' || type === 'saga.mixed')
      this.go(type.slice('saga.'.length) as Status);
  }

  private go(status: Status): void {
    const from = this.status ?? 'running';
    if (!WAYS[from].includes(status)) this.say(`from ${from} to ${status}`);
    this.status = status;
  }

  private say(what: string): void {
    const { by, head, entries } = this.commit;
    this.wrong(`${by}, version ${head.version}, ${entries.map(({ key }) => key).join(' ') || 'no entries'}: ${what}`);
  }
}

/** What is wrong with how verbs were answered. */
export function verbProblems({ tried }: Lived): readonly string[] {
  return tried.flatMap((one) => {
    const said = answerProblem(one);
    const at = one.found ? `${one.found.head.status} ${String(one.found.head.meta)}` : 'nothing';
    return said === undefined ? [] : [`${one.verb} ${one.step} of ${at}: ${said}`];
  });
}

function answerProblem({ verb, step, found, error, applied, possible }: Tried): string | undefined {
  const takes = found ? takesVerb(found, verb, step) : verb === 'cancel';
  if (error === undefined) {
    if (!takes) return 'it was taken';
    return applied === 1 ? undefined : `it was taken with ${applied} commits`;
  }
  if (applied !== 0) return `it was refused, and ${applied} commits were made`;
  if (error instanceof SagaNotFoundError) return found ? 'it was not found' : undefined;
  if (!(error instanceof SagaVerbError)) return `it failed: ${error instanceof Error ? error.message : typeof error}`;
  if (takes) return `it was refused: ${error.message}`;
  const legal = error.legal.toSorted().join();
  return legal === possible.toSorted().join() ? undefined : `it names ${legal || 'none'}, and ${possible.join() || 'none'} are possible`;
}

/** The rules for people. */
function takesVerb({ head, entries }: Loaded, verb: Verb, step: string): boolean {
  const { held, pivot, stuckFrom, deadlineAt } = metaOf(head);
  const stuckAt = entries.findLast(({ type }) => type === 'saga.stuck')?.data;
  const isStuck = head.status === 'stuck';
  const under = head.status === 'running' || head.status === 'compensating';
  const here = isStuck && step !== '0' && new RegExp(`"n":${step}\\b`).test(String(stuckAt));
  switch (verb) {
    case 'signal':
      return under || isStuck;
    case 'cancel':
      return under && pivot !== 'passed';
    case 'extend':
      return head.status === 'running' && pivot !== 'passed' && deadlineAt !== undefined;
    case 'hold':
      return under && held !== true;
    case 'release':
      return (under || isStuck) && held === true;
    case 'retry':
      return isStuck;
    case 'markCompensated':
    case 'waive':
      return here && stuckFrom === 'compensating';
    case 'completeStep':
    case 'refuseStep':
      return here && stuckFrom === 'running';
  }
}
