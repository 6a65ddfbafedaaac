import { RefusedError } from '@redress/core';
import type { AnyUndo, ProbeAnswer, StepScope } from '@redress/core';
import type { SimRecord } from './history.js';
import type { Life, Timeline } from './timeline.js';

/**
 * What the outside does with one call of a step. `ok`; `refuse`: says that it did nothing; `unreachable`: was never
 * reached; `reset`: nothing done, and nobody knows; `done-reset`: done, answer lost; `done-boom`: done, and a strange
 * answer; `hang`, `done-hang`: no answer ever; `late`: answered as lost, and done after that; `unkeepable`: done, with
 * an answer that no journal can keep.
 */
export type Fate = 'ok' | 'refuse' | 'unreachable' | 'reset' | 'done-reset' | 'done-boom' | 'hang' | 'done-hang' | 'late' | 'unkeepable';

/** The same for one call of an undo. */
export type UndoFate = 'ok' | 'fail' | 'done-fail' | 'hang';

/** The same for one question of a probe: the truth, an error, or that the outside cannot tell. */
export type ProbeFate = 'tell' | 'throw' | 'unknown';

/** One call of a step, as the plan has it; the n-th call of a key meets the n-th fate, or the last one. */
export interface Spec {
  readonly label: string;
  readonly fates: readonly Fate[];
  readonly ms: number;
  readonly undo: readonly UndoFate[];
  readonly undoMs: number;
  /** How long after its answer a `late` effect lands. */
  readonly lateMs: number;
  /** For a pivot that is asked about. */
  readonly probe?: readonly ProbeFate[];
}

class OutsideError extends Error {
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

interface Effect {
  readonly op: string;
  readonly run: string;
}

/** What the sagas are about: one effect for each key, none for a key that was closed. It lives on when processes die. */
export class Outside {
  readonly effects = new Map<string, Effect>();
  /** Calls that may still have an effect. */
  underWay = 0;
  private readonly closed = new Set<string>();
  private readonly calls = new Map<string, number>();

  constructor(
    private readonly timeline: Timeline,
    private readonly record: (record: SimRecord) => void,
  ) {}

  /** A call of a step by the process that lives `life`. */
  act(life: Life, step: StepScope, changes: boolean, spec: Spec): Promise<unknown> {
    const { key, operation: op, attempt } = step;
    const call = this.count(key);
    const run = `${step.saga ?? ''}/${step.id ?? ''}`;
    const facts = { by: life.name, run, op, key, attempt, call };
    const fate = spec.fates[Math.min(call, spec.fates.length) - 1] ?? 'ok';
    this.record({ kind: 'body', t: this.timeline.now, ...facts });
    return new Promise((resolve, reject) => {
      const end = (ending: string, settle: () => void): void =>
        life.deliver(() => {
          this.record({ kind: 'body.end', t: this.timeline.now, ...facts, ending });
          settle();
        });
      const fail = (error: Error): void => end(fate, () => reject(error));
      const land = (): boolean => !changes || this.land(key, op, run);
      this.underWay += 1;
      this.timeline.after(spec.ms / 2, () => {
        const lands = fate === 'ok' || fate.startsWith('done-') || fate === 'unkeepable';
        const blocked = lands && !land();
        if (fate === 'late') this.timeline.after(spec.ms / 2 + spec.lateMs, () => (land(), (this.underWay -= 1)));
        else this.underWay -= 1;
        if (fate.endsWith('hang')) return;
        this.timeline.after(spec.ms / 2, () => {
          if (blocked) return fail(new RefusedError(`${key} is closed`));
          if (fate === 'ok') return end('ok', () => resolve({ label: spec.label, at: key.split('/').at(-1) }));
          if (fate === 'unkeepable') return end('ok', () => resolve({ label: spec.label, cannot: () => 'be kept' }));
          if (fate === 'refuse') return fail(new RefusedError(`${spec.label} refused`));
          if (fate === 'unreachable') return fail(new OutsideError(`${spec.label} unreachable`, 'ECONNREFUSED'));
          if (fate === 'done-boom') return fail(new OutsideError(`${spec.label} boom`));
          return fail(new OutsideError(`${spec.label} reset`, 'ECONNRESET'));
        });
      });
    });
  }

  /** A call of an undo. A total one closes the key. */
  undo(life: Life, op: string, run: string, undo: AnyUndo, total: boolean, spec: Spec): Promise<void> {
    const { key, forwardKey, late, outcome } = undo;
    const call = this.count(key);
    const facts = { by: life.name, run, op, key, forwardKey, late, outcome, call };
    const fate = spec.undo[Math.min(call, spec.undo.length) - 1] ?? 'ok';
    this.record({ kind: 'undo', t: this.timeline.now, ...facts });
    return new Promise((resolve, reject) => {
      const end = (ending: string, settle: () => void): void =>
        life.deliver(() => {
          this.record({ kind: 'undo.end', t: this.timeline.now, ...facts, ending });
          settle();
        });
      this.underWay += 1;
      this.timeline.after(spec.undoMs / 2, () => {
        this.underWay -= 1;
        if (fate === 'ok' || fate === 'done-fail') {
          if (total) this.closed.add(forwardKey);
          const what = this.effects.delete(forwardKey) ? 'taken back' : 'nothing there';
          this.record({ kind: 'effect', t: this.timeline.now, run, op, key: forwardKey, what });
        }
        if (fate === 'hang') return;
        this.timeline.after(spec.undoMs / 2, () => {
          if (fate === 'ok') end('ok', resolve);
          else end(fate, () => reject(new OutsideError(`undo of ${spec.label} failed`)));
        });
      });
    });
  }

  /**
   * A probe asks what became of the calls with a key. The truth: `done` when the effect is there; `refused` when the last
   * call was refused, and from then on none has an effect; else `absent`, and what is on its way may still land.
   */
  probe(life: Life, op: string, run: string, key: string, spec: Spec): Promise<ProbeAnswer> {
    const call = this.count(`${key} asked`);
    const facts = { by: life.name, run, op, key, call };
    const fates = spec.probe ?? [];
    const fate = fates[Math.min(call, fates.length) - 1] ?? 'tell';
    this.record({ kind: 'probe', t: this.timeline.now, ...facts });
    return new Promise((resolve, reject) => {
      const end = (ending: string, settle: () => void): void =>
        life.deliver(() => {
          this.record({ kind: 'probe.end', t: this.timeline.now, ...facts, ending });
          settle();
        });
      this.timeline.after(spec.undoMs / 2, () => {
        const outcome = fate === 'tell' ? this.truth(key, spec) : fate;
        this.timeline.after(spec.undoMs / 2, () => {
          if (outcome === 'throw') return end('throw', () => reject(new OutsideError(`probe of ${spec.label} failed`)));
          if (outcome === 'done') return end('done', () => resolve({ outcome, result: { label: spec.label, asked: true } }));
          end(outcome, () => resolve({ outcome }));
        });
      });
    });
  }

  private truth(key: string, spec: Spec): 'done' | 'refused' | 'absent' {
    if (this.effects.has(key)) return 'done';
    const calls = this.calls.get(key) ?? 0;
    if (calls === 0 || spec.fates[Math.min(calls, spec.fates.length) - 1] !== 'refuse') return 'absent';
    this.closed.add(key);
    return 'refused';
  }

  /** A person sees to it that it never happens, if it has not. Answers whether it has. */
  settled(key: string): boolean {
    if (!this.effects.has(key)) this.closed.add(key);
    return this.effects.has(key);
  }

  /** A person undoes it by hand. */
  takeBack(key: string, op: string, run: string): void {
    this.closed.add(key);
    const what = this.effects.delete(key) ? 'taken back' : 'nothing there';
    this.record({ kind: 'effect', t: this.timeline.now, run, op, key, what });
  }

  private land(key: string, op: string, run: string): boolean {
    const what = this.closed.has(key) ? 'blocked' : this.effects.has(key) ? 'absorbed' : 'landed';
    if (what === 'landed') this.effects.set(key, { op, run });
    this.record({ kind: 'effect', t: this.timeline.now, run, op, key, what });
    return what !== 'blocked';
  }

  private count(key: string): number {
    const call = (this.calls.get(key) ?? 0) + 1;
    this.calls.set(key, call);
    return call;
  }
}
