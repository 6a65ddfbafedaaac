import { encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { ConflictError, InvariantError, messageOf } from '../base/errors.js';
import type { Head, HeadPatch, NewEntry } from '../base/store.js';
import type { Audit } from './admin-types.js';
import { SagaNotFoundError, SagaVerbError } from './errors.js';
import { History, undoneKey } from './history.js';
import { plainError } from './intent.js';
import { readMeta, shortCause, writeMeta } from './meta.js';
import type { Meta } from './meta.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import type { RecordOf, RecordType, StuckRecord } from './records.js';

/** A run as it is when a verb is judged. */
interface Found {
  readonly head: Head;
  readonly history: History;
  readonly meta: Meta;
}

interface Verdict {
  readonly entries: readonly NewEntry[];
  readonly head?: HeadPatch;
}

const ATTEMPTS = 50;
const NOW = { inMs: 0 };

/** What others than the owner write to a run: each judged on the run as it is, and written under that guard. */
export class Verbs {
  constructor(
    private readonly desk: Desk,
    /** The run has news: its owner, if it is here, or the worker should look. */
    private readonly nudge: (stream: string) => void,
  ) {}

  signal(saga: string, id: string, name: string, value: unknown, key: string): Promise<void> {
    return this.change(saga, id, (run) => {
      // The same signal again is no news, whatever became of the run.
      if (run.history.signals.some((one) => one.key === `signal:${key}`)) return undefined;
      if (run.history.end) throw this.refusal('signal', saga, id, run);
      const record = value === undefined ? { name } : { name, value };
      return { entries: [this.entry(`signal:${key}`, 'signal.received', record)], head: this.wake(run) };
    });
  }

  async cancel(saga: string, id: string, audit: Audit): Promise<void> {
    const created = await this.cancelUnborn(saga, id, audit);
    if (created) return;
    return this.change(saga, id, (run) => {
      if (run.history.end || run.meta.pivot === 'passed' || run.head.status === 'stuck') throw this.refusal('cancel', saga, id, run);
      // Asked again, or on its way back: it is recorded, and nothing is interrupted.
      const key = run.history.cancel ? this.auditKey() : 'cancel';
      const entries = [this.entry(key, 'cancel.requested', { ...audit })];
      return { entries, head: { ...this.wake(run), meta: writeMeta({ ...run.meta, cancelRequested: true }) } };
    });
  }

  /** A parent goes back: the child is undone, wherever it is. @throws SagaVerbError when its pivot has passed. */
  async undoChild(saga: string, id: string, cause: unknown, parent: string): Promise<void> {
    const audit = { who: 'its parent', why: messageOf(cause) };
    if (await this.cancelUnborn(saga, id, audit, parent)) return;
    return this.change(saga, id, (run) => {
      const { status } = run.head;
      if (status === 'compensated' || status === 'compensating' || status === 'stuck' || status === 'mixed') return undefined;
      if (run.meta.pivot === 'passed') throw this.refusal('undoing it', saga, id, run);
      if (status === 'running') {
        if (run.history.cancel) return undefined;
        const meta = writeMeta({ ...run.meta, cancelRequested: true });
        return { entries: [this.entry('cancel', 'cancel.requested', audit)], head: { ...this.wake(run), meta } };
      }
      const decision = this.entry('compensating', 'saga.compensating', { cause: plainError(cause) });
      return {
        entries: [decision],
        head: { status: 'compensating', wake: NOW, meta: writeMeta({ ...run.meta, cause: shortCause(cause) }) },
      };
    });
  }

  hold(saga: string, id: string, audit: Audit): Promise<void> {
    return this.change(saga, id, (run) => {
      if (isOver(run) || run.head.status === 'stuck' || run.meta.held) throw this.refusal('hold', saga, id, run);
      const meta = writeMeta({ ...run.meta, held: true });
      const head = run.head.owner === null ? { meta, wake: null } : { meta };
      return { entries: [this.entry(this.auditKey(), 'run.held', { ...audit })], head };
    });
  }

  release(saga: string, id: string, audit: Audit): Promise<void> {
    return this.change(saga, id, (run) => {
      if (isOver(run) || !run.meta.held) throw this.refusal('release', saga, id, run);
      const { held: _held, ...meta } = run.meta;
      return {
        entries: [this.entry(this.auditKey(), 'run.released', { ...audit })],
        head: { ...this.wake({ ...run, meta }), meta: writeMeta(meta) },
      };
    });
  }

  /** @param deadlineMs counted from now. */
  async extend(saga: string, id: string, deadlineMs: number, audit: Audit): Promise<void> {
    const now = await this.desk.store.now();
    return this.change(saga, id, (run) => {
      const { deadlineAt } = run.meta;
      if (!legalVerbs(run.head.status, run.meta).includes('extend') || deadlineAt === undefined)
        throw this.refusal('extend', saga, id, run);
      if (deadlineAt >= now + deadlineMs) throw this.refusal('extend', saga, id, run, 'that would be sooner than its deadline');
      const meta = writeMeta({ ...run.meta, deadlineAt: now + deadlineMs });
      return { entries: [this.entry(this.auditKey(), 'deadline.extended', { ...audit })], head: { meta } };
    });
  }

  retry(saga: string, id: string, audit: Audit): Promise<void> {
    return this.change(saga, id, (run) => {
      this.stuckOn('retry', saga, id, run);
      return { entries: [this.entry(this.auditKey(), 'run.retried', { ...audit })], head: this.onwards(run) };
    });
  }

  markCompensated(saga: string, id: string, step: string, audit: Audit & { readonly evidence: unknown }): Promise<void> {
    return this.settleUndo('markCompensated', saga, id, step, (key) => this.entry(key, 'undo.marked', { ...audit }));
  }

  waive(saga: string, id: string, step: string, audit: Audit): Promise<void> {
    return this.settleUndo('waive', saga, id, step, (key) => this.entry(key, 'undo.waived', { ...audit }));
  }

  completeStep(saga: string, id: string, step: string, value: unknown, audit: Audit): Promise<void> {
    const result = value === undefined ? {} : { result: value };
    return this.settleStep('completeStep', saga, id, step, 'passed', (key) =>
      this.entry(key, 'step.completed', { outcome: 'done', ...result, alsoUnknown: true, by: { ...audit } }),
    );
  }

  refuseStep(saga: string, id: string, step: string, audit: Audit): Promise<void> {
    const error = new SagaVerbError(saga, id, 'going on', `${audit.who} has found that ${step} did not happen: ${audit.why}`, []);
    return this.settleStep('refuseStep', saga, id, step, undefined, (key) =>
      this.entry(key, 'step.refused', { outcome: 'refused', error, by: { ...audit } }),
    );
  }

  private settleUndo(verb: string, saga: string, id: string, step: string, entry: (key: string) => NewEntry): Promise<void> {
    return this.change(saga, id, (run) => {
      const { n } = this.stuckOn(verb, saga, id, run, step, 'compensating');
      const key = run.history.isUndone(n, false) ? undoneKey(n, true) : undoneKey(n, false);
      return { entries: [entry(key)], head: this.onwards(run) };
    });
  }

  private settleStep(
    verb: string,
    saga: string,
    id: string,
    step: string,
    pivot: 'passed' | undefined,
    entry: (key: string) => NewEntry,
  ): Promise<void> {
    return this.change(saga, id, (run) => {
      const { n } = this.stuckOn(verb, saga, id, run, step, 'running');
      const head = this.onwards(run);
      const { pivot: isPivot } = run.history.step(n).intent;
      if (!isPivot) return { entries: [entry(`step:${n}/outcome`)], head };
      const { pivot: _undecided, ...meta } = readMeta(head.meta ?? '');
      return { entries: [entry(`step:${n}/outcome`)], head: { ...head, meta: writeMeta(pivot ? { ...meta, pivot } : meta) } };
    });
  }

  /** What a stuck run is stuck on. @throws SagaVerbError when it is not, or elsewhere. */
  private stuckOn(verb: string, saga: string, id: string, run: Found, step?: string, from?: Meta['stuckFrom']): StuckRecord {
    const stuck = run.history.stuck.at(-1);
    if (run.head.status !== 'stuck' || !stuck) throw this.refusal(verb, saga, id, run);
    const at = stuck.n === 0 ? undefined : run.history.step(stuck.n);
    const names = at ? [at.intent.operation, `${at.intent.operation}#${at.intent.occurrence}`, String(at.n)] : [];
    if (step === undefined) return stuck;
    if (from !== run.meta.stuckFrom || !names.includes(step))
      throw this.refusal(verb, saga, id, run, `it is stuck at ${names[0] ?? 'the saga itself'}, not at ${step}`);
    return stuck;
  }

  /** A stuck run is due again, where it was, with a fresh budget. */
  private onwards({ meta }: Found): HeadPatch & { readonly meta: string } {
    const { stuckFrom, handBacks: _handBacks, blocked: _blocked, ...rest } = meta;
    return { status: stuckFrom ?? 'compensating', wake: NOW, owner: null, claims: 0, meta: writeMeta(rest) };
  }

  private wake({ head, meta }: Found): HeadPatch {
    return head.owner === null && !meta.held && head.status !== 'stuck' ? { wake: NOW } : {};
  }

  /** A run that does not exist yet is created as one that was undone: a start that comes later finds its end. */
  private async cancelUnborn(saga: string, id: string, audit: Audit, parent?: string): Promise<boolean> {
    const nonce = this.desk.environment.random.word();
    const entries = [
      this.entry('started', 'saga.started', { saga, id, version: 0, args: [], nonce }),
      this.entry('cancel', 'cancel.requested', { ...audit }),
      this.entry('end', 'saga.compensated', {}),
    ];
    const keptMs = parent === undefined ? this.desk.retentionOf(saga) : undefined;
    const meta = {
      cancelRequested: true as const,
      ...(parent === undefined ? {} : { parent }),
      ...(keptMs === undefined ? {} : { keptMs }),
    };
    const head = { status: 'compensated', owner: null, wake: keptMs === undefined ? null : { inMs: keptMs }, meta: writeMeta(meta) };
    try {
      await this.desk.store.commit({ id: streamOf(saga, id), expect: 'absent', create: { kind: 'saga', name: saga }, entries, head });
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }

  private async change(saga: string, id: string, judge: (run: Found) => Verdict | undefined): Promise<void> {
    const stream = streamOf(saga, id);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const loaded = await this.desk.store.load(stream);
      if (!loaded) throw new SagaNotFoundError(saga, id);
      const { head } = loaded;
      const verdict = judge({ head, history: History.read(this.desk.codecs, loaded.entries), meta: readMeta(head.meta) });
      if (!verdict) return;
      try {
        const { version, stamp } = head;
        await this.desk.store.commit({ id: stream, expect: { version, stamp }, ...verdict });
        this.nudge(stream);
        return;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
    throw new InvariantError(`"${stream}" changed ${ATTEMPTS} times while it was written to.`);
  }

  private entry<T extends RecordType>(key: string, type: T, record: RecordOf<T>): NewEntry {
    return { key, type, data: encodeRecord(this.desk.codecs[0] as Codec, record) };
  }

  private auditKey(): string {
    return `audit:${this.desk.environment.random.word()}`;
  }

  private refusal(verb: string, saga: string, id: string, run: Found, why?: string): SagaVerbError {
    const { status } = run.head;
    const reason =
      run.meta.pivot === 'passed' && verb === 'cancel'
        ? 'its pivot has passed, so it comes too late'
        : `it is ${run.meta.held ? 'held and ' : ''}${status}`;
    return new SagaVerbError(saga, id, verb, why ?? reason, legalVerbs(status, run.meta, run.history.stuck.at(-1)?.n));
  }
}

/** At its end: a child that had completed is not, while its parent undoes it. */
function isOver({ head, history }: Found): boolean {
  return history.end !== undefined && head.status !== 'compensating' && head.status !== 'stuck';
}

/** The verbs that are possible in a status. `stuckAt`: the step that a stuck run is stuck at; 0: the saga itself. */
export function legalVerbs(status: string, meta: Meta, stuckAt = 0): readonly string[] {
  if (status === 'stuck') {
    const byHand = meta.stuckFrom === 'running' ? ['completeStep', 'refuseStep'] : ['markCompensated', 'waive'];
    return ['retry', ...(stuckAt > 0 ? byHand : []), ...(meta.held ? ['release'] : []), 'signal'];
  }
  if (status !== 'running' && status !== 'compensating') return [];
  const always = [meta.held ? 'release' : 'hold', 'signal'];
  if (meta.pivot === 'passed') return always;
  return status === 'running' && meta.deadlineAt !== undefined ? [...always, 'cancel', 'extend'] : [...always, 'cancel'];
}
