import type { CommitRecord, History, SimRecord } from './history.js';
import { EPOCH } from './timeline.js';

/*
 * Histories written by hand. `good` is so in all ways: two steps are done, the third refuses, the two are undone.
 */
export const RUN = 'sim/r1';
/** The operation of a saga as a step. */
export const PART = '@saga part';
export const key = (op: string): string => `${RUN}~w/${op}`;
const json = (value: unknown): string => `json:${JSON.stringify(value)}`;
export const intent = (n: number, op: string, kind = 'compensated') => ({
  key: `step:${n}`,
  type: 'step.started',
  data: json({ operation: op, occurrence: 1, args: [], key: key(op), kind, hash: 'h' }),
});
export const outcome = (n: number, what: 'done' | 'refused' | 'unknown') => ({
  key: `step:${n}/outcome`,
  type: { done: 'step.completed', refused: 'step.refused', unknown: 'step.unknown' }[what],
  data: json({ outcome: what, alsoUnknown: false }),
});
export const entry = (name: string, type: string, value: unknown = {}) => ({ key: name, type, data: json(value) });
export const undone = (n: number, late = false) => entry(`undo:${n}${late ? '/late' : ''}`, 'undo.completed', { attempts: 1, late });
export const started = entry('started', 'saga.started', { saga: 'sim', id: 'r1', version: 1, args: ['r1', 'first'], nonce: 'w' });

/** Records in the making: time and version go up by themselves. */
export class Writer {
  readonly records: SimRecord[] = [];
  private readonly versions = new Map<string, number>();
  private t = 0;

  commit(entries: CommitRecord['entries'], more: Partial<CommitRecord> = {}): this {
    const run = more.run ?? RUN;
    const version = this.next(run);
    const created = version === 1;
    const t = (this.t += 10);
    const owned = { owner: 'p1.1', wakeAt: EPOCH + 10_000 };
    const facts = { kind: 'commit', t, by: 'p1.1', run, created, version, status: 'running', entries } as const;
    this.records.push({ ...facts, ...owned, at: EPOCH + t, meta: '', ...more });
    return this;
  }

  private next(run: string): number {
    const version = (this.versions.get(run) ?? 0) + 1;
    this.versions.set(run, version);
    return version;
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
      version: this.next(RUN),
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
    const sets = {
      effects: new Map(),
      total: new Set(['reserve', 'charge', 'post', PART]),
      sequential: new Map(),
      waiting: new Set<number>(),
    };
    const facts = { seed: 0, clockJumped: false, calm: false, ended: true, graceMs: new Map([['p1.1', 1_000]]) };
    return { records: this.records, ...facts, ...sets, ...more };
  }
}

export const OVER = { owner: null, wakeAt: null } as const;
export const toThird = (write: Writer): Writer =>
  write
    .commit([started, intent(1, 'reserve')])
    .body('reserve')
    .commit([outcome(1, 'done'), intent(2, 'charge')])
    .body('charge')
    .commit([outcome(2, 'done'), intent(3, 'post')])
    .body('post', 'refuse');
export const frozen = (list: number[], late: number[] = [], lateAt?: number) =>
  entry('undo', 'undo.frozen', { list, late, ...(lateAt === undefined ? {} : { lateAt }) });
export const decided = entry('compensating', 'saga.compensating', { cause: 'no' });
export const back = (write: Writer): Writer => write.commit([outcome(3, 'refused'), decided, frozen([2, 1])], { status: 'compensating' });
export const undoBoth = (write: Writer): Writer =>
  write
    .undo('charge')
    .effect('charge', 'taken back')
    .commit([undone(2)], { status: 'compensating' })
    .undo('reserve')
    .effect('reserve', 'taken back')
    .commit([undone(1), entry('end', 'saga.compensated')], { status: 'compensated', ...OVER });
export const good = (): Writer => undoBoth(back(toThird(new Writer()))).answer('SAGA_COMPENSATED');
export const pivot = entry('step:1', 'step.started', {
  operation: 'settle',
  args: [],
  key: key('settle'),
  kind: 'irreversible',
  pivot: true,
});
export const wait = (kind: string, args: unknown[]) => entry('step:1', 'step.started', { operation: kind, args, key: key(kind), kind });
export const cancel = entry('cancel', 'cancel.requested');
export const completed = (write: Writer, between = (same: Writer): Writer => same): Writer =>
  between(write.commit([started, intent(1, 'reserve')]).body('reserve')).commit(
    [outcome(1, 'done'), entry('end', 'saga.completed', { result: 'x' })],
    { status: 'completed', ...OVER },
  );
export const there = { effects: new Map([[key('reserve'), 'reserve']]) };
