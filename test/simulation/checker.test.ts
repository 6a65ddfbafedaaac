import { describe, expect, it } from 'vitest';
import { check } from './check.js';
import type { CommitRecord, History, SimRecord } from './history.js';
import { RULES } from './rules.js';
import type { Rule } from './rules.js';
import { EPOCH } from './timeline.js';

/*
 * A history written by hand, good in all ways: two steps are done, the third refuses, the two are undone. Each test
 * breaks it in one place, and the checker must name the rule.
 */
const RUN = 'sim/r1';
const key = (op: string): string => `${RUN}~w/${op}`;
const json = (value: unknown): string => `json:${JSON.stringify(value)}`;
const intent = (n: number, op: string, kind = 'compensated') => ({
  key: `step:${n}`,
  type: 'step.started',
  data: json({ operation: op, occurrence: 1, args: [], key: key(op), kind, hash: 'h' }),
});
const outcome = (n: number, what: 'done' | 'refused' | 'unknown') => ({
  key: `step:${n}/outcome`,
  type: { done: 'step.completed', refused: 'step.refused', unknown: 'step.unknown' }[what],
  data: json({ outcome: what, alsoUnknown: false }),
});
const entry = (name: string, type: string, value: unknown = {}) => ({ key: name, type, data: json(value) });
const undone = (n: number, late = false) => entry(`undo:${n}${late ? '/late' : ''}`, 'undo.completed', { attempts: 1, late });
const started = entry('started', 'saga.started', { saga: 'sim', id: 'r1', version: 1, args: ['r1', 'first'], nonce: 'w' });

/** Records in the making: time and version go up by themselves. */
class Writer {
  readonly records: SimRecord[] = [];
  private version = 0;
  private t = 0;

  commit(entries: CommitRecord['entries'], more: Partial<CommitRecord> = {}): this {
    const created = this.version === 0;
    const t = (this.t += 10);
    const owned = { owner: 'p1.1', wakeAt: EPOCH + 10_000 };
    const facts = { kind: 'commit', t, by: 'p1.1', run: RUN, created, version: ++this.version, status: 'running', entries } as const;
    this.records.push({ ...facts, ...owned, at: EPOCH + t, ...more });
    return this;
  }

  body(op: string, ending = 'ok', by = 'p1.1', call = 1): this {
    const facts = { by, run: RUN, op, key: key(op), attempt: 1, call };
    this.records.push({ kind: 'body', t: (this.t += 1), ...facts });
    if (ending === 'ok') this.effect(op, 'landed');
    if (ending !== 'none') this.records.push({ kind: 'body.end', t: (this.t += 1), ...facts, ending });
    return this;
  }

  effect(op: string, what: 'landed' | 'taken back'): this {
    this.records.push({ kind: 'effect', t: this.t, run: RUN, op, key: key(op), what });
    return this;
  }

  undo(op: string, { late = false, by = 'p1.1', open = false, sent = '' } = {}): this {
    const own = sent || key(op) + (late ? '/undo/late' : '/undo');
    const facts = { by, run: RUN, op, key: own, forwardKey: key(op), late, outcome: 'done', call: 1 } as const;
    this.records.push({ kind: 'undo', t: (this.t += 1), ...facts });
    if (!open) this.records.push({ kind: 'undo.end', t: (this.t += 1), ...facts, ending: 'ok' });
    return this;
  }

  claim(by: string, at: number): this {
    const facts = {
      kind: 'claim',
      t: (this.t = at),
      by,
      run: RUN,
      version: ++this.version,
      owner: by,
      wakeAt: EPOCH + at + 10_000,
    } as const;
    this.records.push({ ...facts, at: EPOCH + at });
    return this;
  }

  answer(told: string, more: object = {}): this {
    this.records.push({ kind: 'call', t: this.t, by: 'p1.1', run: RUN, caller: 1, input: 'first', ...more });
    this.records.push({ kind: 'answer', t: this.t, by: 'p1.1', run: RUN, caller: 1, input: 'first', answer: told, value: '"x"', ...more });
    return this;
  }

  event(name: string): this {
    this.records.push({ kind: 'event', t: this.t, by: 'p1.1', run: RUN, name });
    return this;
  }

  history(more: Partial<History> = {}): History {
    const sets = { effects: new Map(), total: new Set(['reserve', 'charge', 'post']), sequential: new Map(), waiting: new Set<number>() };
    const facts = { seed: 0, clockJumped: false, calm: false, ended: true, graceMs: new Map([['p1.1', 1_000]]) };
    return { records: this.records, ...facts, ...sets, ...more };
  }
}

const OVER = { owner: null, wakeAt: null } as const;
const toThird = (write: Writer): Writer =>
  write
    .commit([started, intent(1, 'reserve')])
    .body('reserve')
    .commit([outcome(1, 'done'), intent(2, 'charge')])
    .body('charge')
    .commit([outcome(2, 'done'), intent(3, 'post')])
    .body('post', 'refuse');
const frozen = (list: number[], late: number[] = [], lateAt?: number) =>
  entry('undo', 'undo.frozen', { list, late, ...(lateAt === undefined ? {} : { lateAt }) });
const decided = entry('compensating', 'saga.compensating', { cause: 'no' });
const back = (write: Writer): Writer => write.commit([outcome(3, 'refused'), decided, frozen([2, 1])], { status: 'compensating' });
const undoBoth = (write: Writer): Writer =>
  write
    .undo('charge')
    .effect('charge', 'taken back')
    .commit([undone(2)], { status: 'compensating' })
    .undo('reserve')
    .effect('reserve', 'taken back')
    .commit([undone(1), entry('end', 'saga.compensated')], { status: 'compensated', ...OVER });
const good = (): Writer => undoBoth(back(toThird(new Writer()))).answer('SAGA_COMPENSATED');
const pivot = entry('step:1', 'step.started', { operation: 'settle', args: [], key: key('settle'), kind: 'irreversible', pivot: true });
const wait = (kind: string, args: unknown[]) => entry('step:1', 'step.started', { operation: kind, args, key: key(kind), kind });
const cancel = entry('cancel', 'cancel.requested');
const completed = (write: Writer, between = (same: Writer): Writer => same): Writer =>
  between(write.commit([started, intent(1, 'reserve')]).body('reserve')).commit(
    [outcome(1, 'done'), entry('end', 'saga.completed', { result: 'x' })],
    { status: 'completed', ...OVER },
  );
const there = { effects: new Map([[key('reserve'), 'reserve']]) };
const rulesOf = (history: History): readonly Rule[] => [...new Set(check(history).map(({ rule }) => rule))];

describe('the checker of histories', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(check(good().history())).toEqual([]);
    expect(check(completed(new Writer()).answer('completed').history(there))).toEqual([]);
  });

  const back3 = (): Writer => back(toThird(new Writer()));
  const broken: Readonly<Record<Rule, readonly History[]>> = {
    'version-grows': [new Writer().commit([started], { version: 2 }).history({ ended: true })],
    'one-owner': [
      toThird(new Writer())
        .commit([outcome(3, 'refused')], { by: 'p2.1' })
        .history(),
    ],
    'claim-only-due': [toThird(new Writer()).claim('p2.1', 500).history(), good().claim('p2.1', 50_000).history()],
    'end-is-final': [
      good()
        .commit([entry('stuck:1', 'saga.stuck', { n: 1, error: 'x' })], { status: 'stuck', ...OVER, by: 'p1.1' })
        .history(),
    ],
    'status-fits': [
      toThird(new Writer())
        .commit([outcome(3, 'refused'), decided])
        .history(),
    ],
    'journal-shape': [
      new Writer().commit([started, intent(2, 'reserve')]).history(),
      toThird(new Writer())
        .commit([outcome(2, 'done')])
        .history(),
    ],
    direction: [
      back3()
        .commit([intent(4, 'hold')], { status: 'compensating' })
        .history(),
      back3()
        .commit([entry('end', 'saga.completed')], { status: 'completed', ...OVER })
        .history(),
    ],
    'all-settled': [
      toThird(new Writer())
        .commit([entry('end', 'saga.completed')], { status: 'completed', ...OVER })
        .history(),
    ],
    'outcome-true': [
      toThird(new Writer())
        .commit([outcome(3, 'done')])
        .history(),
      back3()
        .commit([undone(2)], { status: 'compensating' })
        .history(),
    ],
    'refused-true': [good().effect('post', 'landed').history()],
    'undo-list': [
      toThird(new Writer())
        .commit([outcome(3, 'refused'), decided, frozen([1, 2])], { status: 'compensating' })
        .history(),
      toThird(new Writer())
        .commit([outcome(3, 'unknown'), decided, frozen([2, 1])], { status: 'compensating' })
        .history(),
      toThird(new Writer())
        .commit([outcome(3, 'refused'), decided, frozen([3, 2, 1])], { status: 'compensating' })
        .history(),
      toThird(new Writer())
        .commit([outcome(3, 'unknown'), decided, frozen([3, 2, 1])], { status: 'compensating' })
        .history({ total: new Set() }),
    ],
    pivot: [
      new Writer()
        .commit([started, pivot])
        .body('settle')
        .commit([outcome(1, 'done'), decided], { status: 'compensating' })
        .history(),
    ],
    waits: [
      new Writer()
        .commit([started, wait('sleep', [500])])
        .commit([outcome(1, 'done')])
        .history(),
      new Writer()
        .commit([started, wait('receive', ['yes'])])
        .commit([outcome(1, 'done')])
        .history(),
      new Writer()
        .commit([started, wait('receive', ['yes'])])
        .commit([entry('step:1/outcome', 'step.completed', { outcome: 'done', signal: 'signal:k', alsoUnknown: false })])
        .history(),
    ],
    cancel: [completed(new Writer(), (write) => write.commit([cancel], { by: 'p2.1' })).history(there)],
    held: [
      new Writer()
        .commit([started, intent(1, 'reserve')])
        .commit([entry('audit:1', 'run.held')], { by: 'p2.1' })
        .claim('p2.1', 20_000)
        .body('reserve', 'ok', 'p2.1')
        .history(),
    ],
    'undo-order': [
      back3().undo('reserve').history(),
      back3().undo('charge').undo('reserve').history(),
      back3()
        .undo('reserve')
        .commit([undone(1)], { status: 'compensating' })
        .history(),
    ],
    'undo-all': [
      back3()
        .undo('charge')
        .commit([undone(2), entry('end', 'saga.compensated')], { status: 'compensated', ...OVER })
        .history(),
    ],
    'intent-first': [new Writer().commit([started]).body('reserve').history(), new Writer().body('reserve').history()],
    'acts-as-owner': [
      new Writer()
        .commit([started, intent(1, 'reserve')])
        .body('reserve', 'ok', 'p2.1')
        .history(),
      new Writer()
        .commit([started, intent(1, 'reserve')], { wakeAt: EPOCH + 5 })
        .body('reserve')
        .history(),
      back3().undo('charge', { by: 'p2.1' }).history(),
    ],
    'not-after-decision': [back3().body('post', 'ok', 'p1.1', 2).history()],
    'not-again': [back3().body('charge', 'ok', 'p1.1', 2).history(), good().undo('charge').history()],
    'not-repeatable': [toThird(new Writer()).body('post', 'refuse', 'p1.1', 2).history()],
    keys: [
      back3()
        .undo('charge', { sent: key('charge') })
        .history(),
      new Writer().commit([started, intent(1, 'reserve'), intent(2, 'reserve')]).history(),
    ],
    'undo-known': [toThird(new Writer()).undo('charge').history()],
    'undos-apart': [back3().undo('charge', { open: true }).undo('charge').history()],
    quiesce: [
      toThird(new Writer())
        .body('reserve', 'none', 'p1.1', 2)
        .commit([outcome(3, 'refused'), decided, frozen([2, 1])], { status: 'compensating' })
        .undo('charge')
        .history(),
    ],
    'late-later': [
      toThird(new Writer())
        .commit([outcome(3, 'unknown'), decided, frozen([3, 2, 1], [3], EPOCH + 5_000)], { status: 'compensating' })
        .undo('post', { late: true })
        .history({ total: new Set(['reserve', 'charge']) }),
    ],
    'told-after': [new Writer().event('saga.started').history()],
    ends: [toThird(new Writer()).history(), good().history({ ended: false })],
    answers: [
      good().answer('completed').history(),
      completed(new Writer()).answer('completed', { value: '"y"' }).history(there),
      good().history({ waiting: new Set([7]) }),
    ],
    'id-and-input': [good().answer('SAGA_ID_CONFLICT').history(), good().answer('SAGA_COMPENSATED', { input: 'other' }).history()],
    'effects-stay': [completed(new Writer()).history()],
    'effects-go': [good().history({ effects: new Map([[key('charge'), 'charge']]) })],
    commits: [completed(new Writer()).history({ ...there, sequential: new Map([[RUN, 3]]) })],
  };

  it.each(Object.keys(RULES) as Rule[])('sees %s broken', (rule) => {
    for (const history of broken[rule]) expect(rulesOf(history)).toContain(rule);
  });
});
