import { runInScope } from '../base/scope.js';
import { Calls } from './calls.js';
import type { Answering, Called } from './calls.js';
import type { Operation, RunContext, SagaDefinition } from './definition.js';
import { ReplayMismatchError, StepFencedError } from './errors.js';
import type { StepHistory } from './history.js';
import { Executor } from './executor.js';
import type { ExecutorHost } from './executor.js';
import { unknownStep } from './intent.js';
import type { Journal } from './journal.js';
import type { OutcomeRecord } from './records.js';
import { Outcomes } from './outcomes.js';
import type { Settled } from './outcomes.js';
import type { BodyEnd, PassHost } from './pass-host.js';
import type { PassScope, Runtime, StartOptions } from './runtime-types.js';
import type { Invoke, StepOutcome } from './step-call.js';
import { contextOf } from './run-context.js';
import { Waits } from './waits.js';

/**
 * One call of a saga's body, from its start to its end or to its abandonment. Outcomes are given to the body one at a
 * time, in journal order, and it comes to rest between two of them: so a replay interleaves the branches of the body
 * as the first run did, and the n-th call of an operation is the same call.
 */
export class Pass implements PassScope, ExecutorHost {
  readonly runtime: Runtime;
  readonly context: RunContext;
  private readonly calls: Calls;
  private readonly executor: Executor;
  private readonly outcomes: Outcomes;
  /** Called since the body came to rest last. */
  private fresh: Called[] = [];
  /** Called and not given an outcome yet. */
  private open = 0;
  private replayed = 0;
  /** Their intents are being written; their bodies run as soon as they are. */
  private launching = 0;
  private scheduled = false;
  private suspected = false;
  private flushSoon = false;
  /** An outcome is buffered that must not wait for an intent to travel with. */
  private urgent = false;
  private state: 'forward' | 'fenced' | 'closed' = 'forward';
  private end: BodyEnd | undefined;
  private readonly waits = new Waits();

  constructor(
    private readonly host: PassHost,
    private readonly journal: Journal,
  ) {
    this.runtime = host.runtime;
    this.calls = new Calls(journal, host.codecs, host.environment);
    this.executor = new Executor(this, host, journal, this.calls);
    this.outcomes = new Outcomes(journal, host.codecs);
    this.context = contextOf(journal, this);
  }

  /** The body is, or may be, at work. */
  get isOpen(): boolean {
    return this.state === 'forward';
  }

  get isEnding(): boolean {
    return this.state !== 'forward' || this.host.stopping;
  }

  /** Bodies run, or are about to: their intents are written or on their way. */
  get isBusy(): boolean {
    return this.executor.isBusy || this.calls.areWaiting;
  }

  /** Calls the body. */
  start(body: (run: RunContext) => Promise<unknown>): void {
    const ended = (end: BodyEnd): void => {
      this.end = end;
      this.wake();
    };
    const failed = (error: unknown): void => ended({ ok: false, error });
    this.wake();
    try {
      runInScope({ pass: this }, () => Promise.resolve(body(this.context))).then((value) => ended({ ok: true, value }), failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The body's call of a step. It never settles once the pass has ended: nobody waits for an abandoned body. */
  step(operation: Operation, args: readonly unknown[], invoke: Invoke): Promise<unknown> {
    if (this.state !== 'forward') return new Promise(() => {});
    let resolve!: Answering['resolve'];
    let reject!: Answering['reject'];
    const promise = new Promise<unknown>((...settle) => ([resolve, reject] = settle));
    // A step that nobody awaits must not end the process; what its failure means is said in `give`.
    const refuse = (error: unknown): void => {
      promise.catch(() => {});
      reject(error);
    };
    const called = this.take(operation, args, { invoke, resolve, reject: refuse });
    if (!called) return promise;
    this.open += 1;
    // One whose outcome is recorded is answered by the replay.
    if (called.n === 0 || !this.journal.history.step(called.n).outcome) this.fresh.push(called);
    this.wake();
    return promise;
  }

  /** The body's call of another saga: a step of this one. */
  child(saga: SagaDefinition, args: readonly unknown[], body?: StartOptions['body']): Promise<unknown> {
    const { operation, invoke } = this.host.child(saga, body, () => this.journal.note({ pivot: 'passed' }));
    return this.step(operation, args, invoke);
  }

  readonly original = (error: unknown): unknown => this.outcomes.original(error);

  /** Ends the pass: no call settles, nothing more is written or started. */
  close(reason: unknown): void {
    this.state = 'closed';
    this.waits.cancelAlarm();
    this.executor.abandon(reason);
  }

  /** The run goes backward: nothing is started or given any more, running bodies are asked to stop. Outcomes are still recorded. */
  fence(reason: unknown): void {
    this.state = 'fenced';
    this.waits.cancelAlarm();
    this.executor.stop(reason);
    this.recordSettled();
  }

  /** After `fence`: waits until every running body has settled or `graceMs` have passed, then buffers what became known. */
  async quiesce(graceMs: number): Promise<void> {
    await this.journal.idle();
    for (const called of this.calls.all()) {
      // Its intent became durable, and its body was never called.
      if (called.state !== 'called' || called.foundAt !== undefined) continue;
      this.onOutcome(called, { outcome: 'refused', error: new StepFencedError(this.journal.saga, this.journal.id, called.operation.name) });
    }
    await this.executor.idle(graceMs);
    this.recordSettled();
  }
  /** The same, but what they answer is not recorded: they are called again. */
  readonly idle = (graceMs: number): Promise<void> => this.executor.idle(graceMs);

  /** Undefined: the call was refused, or the code does not fit the journal. */
  private take(operation: Operation, args: readonly unknown[], answering: Answering): Called | undefined {
    try {
      if (!operation.wait && this.host.operation(operation.name) !== operation) throw unknownStep(operation.name);
      return this.calls.add(operation, args, answering);
    } catch (error) {
      if (error instanceof ReplayMismatchError) this.host.onMismatch(error);
      else answering.reject(error);
      return undefined;
    }
  }

  /** Looks again, once the body has come to rest: it was given something, or there is news. */
  wake(): void {
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
    if (this.calls.areMissing && (news || this.end)) return this.suspect();
    if (this.end && !this.end.ok && !this.calls.isInDoubt(this.fresh)) return this.host.onBodyEnd(this.end);
    if (!this.host.stopping) this.recordIntents();
    this.waits.answer(this.outcomes, this.journal.history, this.host.environment.clock);
    const next = this.recordOutcome();
    if (next) return this.give(next.called, next.record);
    if (this.end && this.waits.areAll(this.open, this.fresh)) return this.host.onBodyEnd(this.end);
    if (this.end) this.calls.tellFloating();
    if (!this.host.stopping) return this.write();
    if (this.executor.isBusy || this.launching > 0) return;
    this.state = 'closed';
    this.host.onQuiet();
  }

  private replay(due: StepHistory, news: Called | undefined): void {
    const called = this.calls.at(due.n);
    if (called) {
      this.replayed += 1;
      this.journal.tell('step.replayed', { step: called.operation.name });
      this.give(called, due.outcome as OutcomeRecord);
    } else if (news || this.end || this.open > 0) this.suspect(); // Else it waits for something of its own.
  }

  /** The body does not do what the journal says, or not yet: it may wait for something that the journal does not know. */
  private suspect(): void {
    if (this.suspected) return;
    this.suspected = true;
    const judge = (): void => {
      this.suspected = false;
      const next = this.journal.history.settled[this.replayed];
      const missing = this.calls.areMissing || (next !== undefined && !this.calls.at(next.n));
      if (this.state === 'forward' && missing) this.host.onMismatch(this.calls.missing(this.fresh, this.end !== undefined));
      else this.wake();
    };
    this.host.environment.clock.setTimer(this.host.graceMs, judge, { background: true });
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

  private recordOutcome(): Settled | undefined {
    const next = this.outcomes.record();
    if (!next) return undefined;
    const { pivot, repeatable } = next.called.operation;
    this.urgent ||= !repeatable || pivot === true;
    this.replayed += 1;
    if (pivot) this.host.onPivot(() => this.executor.onPivot());
    return next;
  }

  private recordSettled(): void {
    while (this.outcomes.size > 0) this.recordOutcome();
  }

  private give(called: Called, record: OutcomeRecord): void {
    called.state = 'given';
    this.open -= 1;
    this.wake();
    if (record.outcome === 'done') return called.resolve(record.result);
    if (called.operation.fatal) return this.host.onBodyEnd({ ok: false, error: record.error });
    called.reject(record.error);
    // The body has returned without waiting for this step: nobody can catch it, so the run fails.
    if (this.end?.ok) this.end = { ok: false, error: record.error };
  }

  private write(): void {
    const waiting = this.fresh.filter((called) => called.state === 'called');
    this.fresh = [];
    if (this.canPark(waiting)) return this.park(waiting);
    this.waits.setAlarm(this.host.environment.clock, () => this.wake());
    this.launching += waiting.length;
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
    this.launching -= calls.length;
    // The same commit may have given the run away.
    if (this.state !== 'forward' || this.journal.away) return;
    const { clock } = this.host.environment;
    if (!this.journal.isSafe(clock.monotonic())) return this.journal.close('its lease was not safe any more when a step was to start');
    for (const called of calls) {
      if (called.operation.wait) this.waits.start(called, this.journal, clock);
      // One of them may have ended the way forward at once.
      else if (this.isOpen) this.executor.start(called);
    }
    if (this.waits.size > 0) this.wake();
  }

  /** Nothing runs, and all that the body waits for is durable, or becomes so with the next commit. */
  private canPark(fresh: readonly Called[]): boolean {
    if (this.end || this.open === 0 || this.executor.isBusy || !this.waits.areAll(this.open, fresh)) return false;
    return !fresh.some((called) => this.waits.endsAtOnce(called, this.journal, this.host.environment.clock));
  }

  private park(fresh: readonly Called[]): void {
    for (const called of fresh) this.waits.start(called, this.journal, this.host.environment.clock);
    this.state = 'closed';
    this.host.onParked(this.waits.nextMs(this.host.environment.clock.monotonic()));
  }

  onOutcome(called: Called, outcome: StepOutcome): void {
    if (this.state === 'closed') return;
    const unkept = this.outcomes.add(called, outcome);
    if (unkept) return this.host.onStuck(called.n, unkept);
    // Nothing was given to the body since it came to rest last, so it rests: no turn need pass.
    if (!this.scheduled && this.state === 'forward') this.atRest();
  }
}
