import type { Codec } from '../base/codec.js';
import { sleep } from '../base/clock.js';
import type { Timer } from '../base/clock.js';
import { durationMs } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { runInScope } from '../base/scope.js';
import type { Data } from '../base/store.js';
import { Calls } from './calls.js';
import type { Answering, Called } from './calls.js';
import type { Operation, RunContext } from './definition.js';
import { PivotOrderError, ReplayMismatchError, StepFencedError, StepInterruptedError } from './errors.js';
import type { StepHistory } from './history.js';
import { encodeOutcome, unknownStep } from './intent.js';
import type { Journal } from './journal.js';
import { OUTCOME_TYPE } from './records.js';
import type { OutcomeRecord } from './records.js';
import type { PassScope, Runtime } from './runtime-types.js';
import { ALERT_AFTER, insist, pauseMs, probed, stands } from './stand.js';
import type { Around, Invoke, StepOutcome } from './step-call.js';
import { receiveOperation, SLEEP, Waits } from './waits.js';

/** What a pass needs of the run that it belongs to. */
export interface PassHost {
  readonly runtime: Runtime;
  readonly environment: Environment;
  readonly codecs: readonly Codec[];
  readonly flushMs: number;
  readonly around: Around | undefined;
  /** No step is started any more. */
  readonly stopping: boolean;
  operation(name: string): Operation | undefined;
  /** The body threw, or returned and all its steps have settled. */
  onBodyEnd(end: BodyEnd): void;
  /** The runtime is stopping, and no step runs. */
  onQuiet(): void;
  onWriteFailed(error: unknown): void;
  onMismatch(error: ReplayMismatchError): void;
  /** Everything that the body waits for is durable: nobody need be here. `wakeMs`: when the first wait ends by itself. */
  onParked(wakeMs: number | undefined): void;
  /** A step can neither stand nor be repeated; undefined: the body failed after the pivot. */
  onStuck(n: number, error: unknown): void;
  /** The outcome of a pivot is known. */
  onPivot(): void;
}

/** A wait has no body. */
const waiting: Invoke = () => Promise.resolve();

/** How a body came to its end. */
export type BodyEnd = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

interface Settled {
  readonly called: Called;
  readonly data: Data;
  readonly record: OutcomeRecord;
}

/**
 * One call of a saga's body, from its start to its end or to its abandonment. Outcomes are given to the body one at a
 * time, in journal order, and it comes to rest between two of them: so a replay interleaves the branches of the body
 * as the first run did, and the n-th call of an operation is the same call.
 */
export class Pass implements PassScope {
  readonly runtime: Runtime;
  readonly context: RunContext;
  private readonly calls: Calls;
  private readonly running = new Set<Called>();
  private readonly settled: Settled[] = [];
  private originals: WeakMap<object, unknown> | undefined;
  /** Called since the body came to rest last. */
  private fresh: Called[] = [];
  /** Called and not given an outcome yet. */
  private open = 0;
  private replayed = 0;
  private scheduled = false;
  private flushSoon = false;
  /** An outcome is buffered that must not wait for an intent to travel with. */
  private urgent = false;
  private state: 'forward' | 'fenced' | 'closed' = 'forward';
  private end: BodyEnd | undefined;
  private readonly waits = new Waits();
  private readonly ending = new AbortController();
  private alarm: Timer | undefined;
  /** A pivot was called, perhaps in this very turn. */
  private pivotCalled: boolean;
  private onAllSettled: (() => void) | undefined;

  constructor(
    private readonly host: PassHost,
    private readonly journal: Journal,
  ) {
    this.runtime = host.runtime;
    this.calls = new Calls(journal, host.codecs, host.environment);
    this.pivotCalled = journal.meta.pivot !== undefined;
    this.context = {
      saga: this.journal.saga,
      id: this.journal.id,
      step: (step, ...args) => this.step(step, args, step.invoke as unknown as Invoke) as never,
      sleep: async (duration) => void (await this.step(SLEEP, [durationMs(duration, 'sleep')], waiting)),
      receive: (name, { timeout } = {}) =>
        this.step(receiveOperation(name), timeout === undefined ? [name] : [name, durationMs(timeout, 'timeout')], waiting) as never,
    };
  }

  /** Bodies run, or are about to: their intents are written or on their way. */
  get isBusy(): boolean {
    return this.running.size > 0 || this.calls.all().some((called) => called.state === 'called' && called.data !== undefined);
  }

  /** Calls the body. */
  start(body: (run: RunContext) => Promise<unknown>): void {
    const { context } = this;
    const ended = (end: BodyEnd): void => {
      this.end = end;
      this.stir();
    };
    const failed = (error: unknown): void => ended({ ok: false, error });
    this.stir();
    try {
      runInScope({ pass: this }, () => Promise.resolve(body(context))).then((value) => ended({ ok: true, value }), failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The body's call of a step. It never settles once the pass has ended: nobody waits for an abandoned body. */
  step(operation: Operation, args: readonly unknown[], invoke: Invoke): Promise<unknown> {
    if (this.state !== 'forward') return new Promise(() => {});
    let answering: Pick<Answering, 'resolve' | 'reject'> | undefined;
    const promise = new Promise<unknown>((resolve, reject) => (answering = { resolve, reject }));
    const { resolve, reject } = answering as unknown as Pick<Answering, 'resolve' | 'reject'>;
    // A step that nobody awaits must not end the process; what its failure means is said in `give`.
    const rejectQuietly = (error: unknown): void => {
      promise.catch(() => {});
      reject(error);
    };
    const called = this.take(operation, args, { invoke, resolve, reject: rejectQuietly });
    if (!called) return promise;
    this.open += 1;
    // One whose outcome is recorded is answered by the replay.
    if (called.n === 0 || !this.journal.history.step(called.n).outcome) this.fresh.push(called);
    this.stir();
    return promise;
  }

  /** Looks again: the runtime may be stopping. */
  wake(): void {
    this.stir();
  }

  /** The error that a step threw here, for the copy of it that the body was given. */
  original(error: unknown): unknown {
    return this.originals?.get(error as object) ?? error;
  }

  /** Ends the pass: no call settles, nothing more is written or started. */
  close(reason: unknown): void {
    this.state = 'closed';
    this.stopInsisting();
    for (const { call } of this.running) call.abort(reason);
    this.onAllSettled?.();
  }

  /** The run goes backward: nothing is started or given any more, running bodies are asked to stop. Outcomes are still recorded. */
  fence(reason: unknown): void {
    this.state = 'fenced';
    this.stopInsisting();
    for (const { call } of this.running) call.abort(reason);
    this.recordSettled();
  }

  /** After `fence`: waits until every running body has settled or `graceMs` have passed, then buffers what became known. */
  async quiesce(graceMs: number): Promise<void> {
    await this.journal.idle();
    for (const called of this.calls.all()) {
      // Its intent became durable, and its body was never called.
      if (called.state === 'called' && !this.journal.history.step(called.n).found) {
        this.settle(called, { outcome: 'refused', error: new StepFencedError(this.journal.saga, this.journal.id, called.operation.name) });
      }
    }
    if (this.running.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.host.environment.clock.setTimer(graceMs, resolve, { background: true });
        this.onAllSettled = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.recordSettled();
  }

  /** Undefined: the call was refused, or the code does not fit the journal. */
  private take(operation: Operation, args: readonly unknown[], answering: Answering): Called | undefined {
    try {
      if (!operation.wait && this.host.operation(operation.name) !== operation) throw unknownStep(operation.name);
      const called = this.calls.add(operation, args, answering);
      if (called.n === 0) this.checkPivot(operation);
      return called;
    } catch (error) {
      if (error instanceof ReplayMismatchError) this.host.onMismatch(error);
      else answering.reject(error);
      return undefined;
    }
  }

  private checkPivot(operation: Operation): void {
    const why = operation.pivot ? 'a run has one pivot at most' : operation.compensation ? 'it is undone by another step' : undefined;
    if (this.pivotCalled && why) throw new PivotOrderError(this.journal.saga, this.journal.id, operation.name, why);
    this.pivotCalled ||= operation.pivot === true;
  }

  private stir(): void {
    if (this.scheduled || this.state !== 'forward') return;
    this.scheduled = true;
    this.host.environment.clock.nextTurn(() => {
      this.scheduled = false;
      if (this.state === 'forward') this.atRest();
    });
  }

  /** The body has come to rest: give it one more outcome, or write what it asked for. */
  private atRest(): void {
    const news = this.fresh.length === 0 ? undefined : this.fresh.find((called) => called.n === 0);
    const due = this.journal.history.settled[this.replayed];
    if (due) return this.replay(due, news);
    if (this.calls.areMissing && (news || this.end)) return this.host.onMismatch(this.calls.missing(news));
    if (this.end && !this.end.ok && this.journal.meta.pivot !== 'undecided') return this.host.onBodyEnd(this.end);
    if (!this.host.stopping) this.recordIntents();
    this.answerWaits();
    const next = this.settled.shift();
    if (next) {
      this.recordOutcome(next);
      return this.give(next.called, next.record);
    }
    if (this.end && this.open === 0) return this.host.onBodyEnd(this.end);
    if (!this.host.stopping) this.write();
    else if (this.running.size === 0) this.host.onQuiet();
  }

  private replay(due: StepHistory, news: Called | undefined): void {
    const called = this.calls.at(due.n);
    if (called) {
      this.replayed += 1;
      this.journal.tell('step.replayed', { step: called.operation.name });
      this.give(called, due.outcome as OutcomeRecord);
    } else if (news || this.end) {
      this.host.onMismatch(this.calls.missing(news));
    }
  }

  /** Buffers the intents that are new to the journal, in the order of the calls. */
  private recordIntents(): void {
    for (const called of this.fresh) {
      if (called.n > 0 || called.data === undefined) continue;
      if (called.operation.pivot) this.journal.note({ pivot: 'undecided' });
      const n = this.calls.number(called);
      this.journal.addEntry({ key: `step:${n}`, type: 'step.started', data: called.data }, called.intent, n);
    }
  }

  private recordOutcome({ called, data, record }: Settled): void {
    this.journal.addEntry({ key: `step:${called.n}/outcome`, type: OUTCOME_TYPE[record.outcome], data }, record, called.n);
    this.urgent ||= !called.operation.repeatable;
    this.replayed += 1;
    if (!called.operation.pivot) return;
    this.urgent = true;
    this.journal.note({ pivot: record.outcome === 'done' ? 'passed' : undefined });
    this.host.onPivot();
  }

  private recordSettled(): void {
    for (const one of this.settled.splice(0)) this.recordOutcome(one);
  }

  private give(called: Called, record: OutcomeRecord): void {
    called.state = 'given';
    this.open -= 1;
    if (record.outcome === 'done') {
      called.resolve(record.result);
    } else {
      called.reject(record.error);
      // The body has returned without waiting for this step: nobody can catch it, so the run fails.
      if (this.end?.ok) this.end = { ok: false, error: record.error };
    }
    this.stir();
  }

  private write(): void {
    const waiting = this.fresh.filter((called) => called.state === 'called');
    this.fresh = [];
    if (this.canPark(waiting)) return this.park(waiting);
    if (this.waits.size > 0) this.setAlarm();
    if (waiting.length > 0 || !this.journal.durable) return this.flush(() => this.launch(waiting));
    if (!this.journal.hasUnwritten || this.flushSoon) return;
    if (this.urgent) return this.flush();
    this.flushSoon = true;
    const later = (): void => {
      this.flushSoon = false;
      if (this.state === 'forward') this.flush();
    };
    this.host.environment.clock.setTimer(this.host.flushMs, later, { background: true });
  }

  private flush(then: () => void = () => {}): void {
    this.urgent = false;
    this.journal.write({}, (error) => (error === undefined ? then() : this.host.onWriteFailed(error)));
  }

  /** The intents are durable: the bodies may run, if this process surely still owns the run. */
  private launch(calls: readonly Called[]): void {
    if (this.state !== 'forward') return;
    const { clock } = this.host.environment;
    if (!this.journal.isSafe(clock.monotonic())) return this.journal.close('its lease was not safe any more when a step was to start');
    for (const called of calls) {
      if (called.operation.wait) {
        this.startWait(called);
        continue;
      }
      if (called.foundAt !== undefined && called.operation.pivot && called.operation.probe) {
        called.state = 'running';
        this.running.add(called);
        void this.askProbe(called, new StepInterruptedError(this.journal.saga, this.journal.id, called.operation.name));
        continue;
      }
      if (called.call.mustNotRepeat) {
        const error = new StepInterruptedError(this.journal.saga, this.journal.id, called.operation.name);
        this.settle(called, { outcome: 'unknown', error });
        continue;
      }
      this.execute(called);
    }
    if (this.waits.size > 0) this.stir();
  }

  private execute(called: Called): void {
    called.state = 'running';
    this.running.add(called);
    called.call.execute(this, called.invoke, (outcome) => this.executed(called, outcome), this.host.around);
  }

  private executed(called: Called, outcome: StepOutcome): void {
    const passed = this.journal.meta.pivot === 'passed';
    if (this.state !== 'forward' || stands(called, outcome, passed)) return this.settle(called, outcome);
    called.failures += 1;
    const error = 'error' in outcome ? outcome.error : undefined;
    const told = { step: called.operation.name, error, details: { failures: called.failures } };
    this.journal.tell('step.repeating', told);
    if (called.failures === ALERT_AFTER) this.journal.tell('step.alert', told);
    const next = insist(called, outcome);
    if (next === 'stuck') this.host.onStuck(called.n, error);
    else if (next === 'probe') void this.askProbe(called, error);
    else void this.repeat(called, outcome.outcome === 'unknown');
  }

  private async repeat(called: Called, unknownBefore: boolean): Promise<void> {
    const { environment } = this.host;
    await sleep(environment.clock, pauseMs(called.failures, environment), this.ending.signal, true);
    if (this.state !== 'forward' || this.host.stopping) return this.giveUp(called);
    called.call = this.calls.again(called, unknownBefore || called.foundAt !== undefined);
    this.execute(called);
  }

  private async askProbe(called: Called, error: unknown): Promise<void> {
    const answer = await probed(called, this.host.environment, this.ending.signal);
    if (this.state !== 'forward' || this.host.stopping) return this.giveUp(called);
    if (answer) this.settle(called, answer);
    else this.host.onStuck(called.n, error);
  }

  /** Its outcome stays open in the journal: whoever goes on calls it again. */
  private giveUp(called: Called): void {
    this.running.delete(called);
    if (this.running.size === 0) this.onAllSettled?.();
    this.stir();
  }

  private stopInsisting(): void {
    this.alarm?.cancel();
    this.ending.abort();
  }

  private startWait(called: Called): void {
    const { clock } = this.host.environment;
    const since = called.foundAt === undefined ? clock.monotonic() : this.journal.monotonicOf(called.foundAt);
    this.waits.add(called, since);
  }

  /** While steps run, a wait may end by itself. */
  private setAlarm(): void {
    const { clock } = this.host.environment;
    this.alarm?.cancel();
    const ms = this.waits.nextMs(clock.monotonic());
    if (ms !== undefined) this.alarm = clock.setTimer(Math.ceil(ms), () => this.stir(), { background: true });
  }

  private answerWaits(): void {
    const now = this.host.environment.clock.monotonic();
    for (let one = this.waits.take(this.journal.history, now); one; one = this.waits.take(this.journal.history, now)) {
      this.settled.push({ called: one.called, ...encodeOutcome(this.host.codecs, one.outcome) });
      one.called.state = 'settled';
    }
  }

  /** Nothing runs, and all that the body waits for is durable, or becomes so with the next commit. */
  private canPark(fresh: readonly Called[]): boolean {
    if (this.end || this.running.size > 0 || !fresh.every((called) => called.operation.wait)) return false;
    return fresh.length + this.waits.size > 0 && fresh.length + this.waits.size === this.open;
  }

  private park(fresh: readonly Called[]): void {
    for (const called of fresh) this.startWait(called);
    const { clock } = this.host.environment;
    // A signal that came before its wait is given at once; nobody need be called for it.
    this.answerWaits();
    if (this.settled.length > 0) return this.flush(() => this.stir());
    this.host.onParked(this.waits.nextMs(clock.monotonic()));
  }

  private settle(called: Called, outcome: StepOutcome): void {
    this.running.delete(called);
    if (this.state === 'closed') return;
    called.state = 'settled';
    const { data, record } = encodeOutcome(this.host.codecs, outcome);
    if ('error' in record && typeof record.error === 'object' && record.error !== null && 'error' in outcome) {
      (this.originals ??= new WeakMap()).set(record.error, outcome.error);
    }
    this.settled.push({ called, data, record });
    if (this.running.size === 0) this.onAllSettled?.();
    // Nothing was given to the body since it came to rest last, so it rests: no turn need pass.
    if (!this.scheduled && this.state === 'forward') this.atRest();
  }
}
