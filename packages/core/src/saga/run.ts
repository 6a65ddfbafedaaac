import { decodeRecord, encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { messageOf } from '../base/errors.js';
import type { Environment } from '../base/environment.js';
import type { Around } from './step-call.js';
import type { HeadPatch } from '../base/store.js';
import type { Operation, RunContext, SagaDefinition } from './definition.js';
import type { Journal } from './journal.js';
import { OwnershipLostError, SagaRecoveryLimitError } from './errors.js';
import type { ReplayMismatchError } from './errors.js';
import { plainError } from './intent.js';
import { Limits } from './limits.js';
import { shortCause } from './meta.js';
import { Pass } from './pass.js';
import type { BodyEnd, PassHost } from './pass-host.js';
import type { EndRecord, StartedRecord } from './records.js';
import type { RunHost } from './run-host.js';
import type { Runtime } from './runtime-types.js';
import type { RunEnd } from './run-end.js';
import { freeze, isUnclear, isUndone, unwind } from './unwind.js';
import type { UnwindHost } from './unwind-host.js';
import { turnBack } from './turn-back.js';
import { TooLate } from './writes.js';

/** One run while this process owns it: forward by a pass, then perhaps backward, never forward again. */
export class Run implements PassHost, UnwindHost {
  /** Fulfilled when the run is durable here; rejected when it could not be created. */
  readonly created: Promise<void>;
  /** Never rejected. */
  readonly done: Promise<RunEnd>;
  readonly runtime: Runtime;
  readonly environment: Environment;
  readonly codecs: readonly Codec[];
  readonly flushMs: number;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly around: Around | undefined;
  pass: Pass | undefined;
  private readonly limits: Limits;
  /** Backward, or at its end: what was wanted of the way forward comes too late. */
  over = false;
  private wasHeld = false;
  private turning = false;
  /** Outcomes that the journal had when the pass began. */
  private settledBefore = 0;
  private settleCreated!: { resolve: () => void; reject: (error: unknown) => void };
  private settleDone!: (end: RunEnd) => void;
  private interruption: AbortController | undefined;
  undoing: Promise<unknown> = Promise.resolve();
  /** The first failure as it was thrown here, for the caller. */
  private thrown: unknown;

  constructor(
    readonly host: RunHost,
    readonly journal: Journal,
  ) {
    ({ runtime: this.runtime, environment: this.environment, codecs: this.codecs, around: this.around } = host);
    ({ flushMs: this.flushMs, graceMs: this.graceMs, leaseMs: this.leaseMs } = host);
    this.created = new Promise((resolve, reject) => (this.settleCreated = { resolve, reject }));
    this.created.catch(() => {});
    this.done = new Promise((resolve) => (this.settleDone = resolve));
    this.limits = new Limits(journal, this.environment.clock, () => this.onForeign());
    void this.done.then(() => this.limits.cancel());
    journal.onDurable = () => this.settleCreated.resolve();
    journal.onForeign = () => this.onForeign();
    journal.onDivided = (error) => host.hold(journal.saga, journal.id, error.message);
    journal.onClosed = (reason) => {
      this.pass?.close(reason);
      this.interruption?.abort();
      this.settleCreated.reject(reason);
      this.settleDone({ status: 'left', why: reason.message });
    };
  }

  /** Nothing new is begun: the runtime stops, or the run is held, or was: what it gave up then, its next owner takes up. */
  get stopping(): boolean {
    return this.host.stopping || (this.wasHeld ||= this.journal.meta.held === true) || this.isUsedUp;
  }
  /** With `alwaysReplay` a pass ends with its first new outcome: the next step is begun by a replay. */
  private get isUsedUp(): boolean {
    return this.host.alwaysReplay && this.pass !== undefined && !this.over && this.journal.history.settled.length > this.settledBefore;
  }
  /** Aborted when a pause is of no use any more. */
  get interrupted(): AbortSignal {
    this.interruption ??= new AbortController();
    if (this.stopping || this.journal.closed) this.interruption.abort();
    return this.interruption.signal;
  }

  readonly operation = (name: string): Operation | undefined => this.host.operation(name);
  child: RunHost['child'] = (...args) => this.host.child(...args);
  readonly now = (): Promise<number> => this.host.now();

  /** A run that does not exist yet: its beginning is written with the first intents. */
  begin(started: StartedRecord, body: (run: RunContext) => Promise<unknown>): void {
    this.journal.add('started', 'saga.started', started);
    this.forward(body);
  }

  /** A run that was claimed: on from where the journal ends. */
  resume(definition: SagaDefinition | undefined): void {
    this.settleCreated.resolve();
    const { history, meta, claims } = this.journal;
    this.journal.tell('run.claimed', { details: { claims, steps: history.steps.length } });
    if (meta.held) return this.guard(this.journal.park('it is held', null));
    const tired = claims > this.host.maxRecoveries ? new SagaRecoveryLimitError(this.journal.saga, this.journal.id, claims) : undefined;
    if (history.decided) return this.guard(tired ? this.stick(0, tired, 'compensating') : this.undo());
    const { args, version } = history.started as StartedRecord;
    if (tired && meta.pivot) return this.guard(this.stick(0, tired, 'running'));
    if (tired) return this.guard(this.goBack(tired));
    const onward = (): void => {
      if (definition) this.forward((context) => definition.body(context, this.host.copied(args)));
      else this.leave(`version ${version} of ${this.journal.saga} is not registered here`);
    };
    const stop = meta.pivot ? undefined : this.limits.unwanted();
    if (stop) this.guard(turnBack(this, stop, onward));
    else onward();
  }

  /** The runtime stops: what runs may end within `drainMs`, then the run is left to others. */
  async stop(drainMs: number): Promise<void> {
    this.interruption?.abort();
    this.pass?.wake();
    const timer = this.environment.clock.setTimer(drainMs, () => this.onQuiet());
    await this.done;
    timer.cancel();
    await this.journal.settled();
  }

  /** Settles when nothing of this pass writes or undoes any more. */
  async settled(): Promise<void> {
    await this.journal.settled();
    await this.undoing;
  }

  onBodyEnd(end: BodyEnd): void {
    this.guard(end.ok ? this.complete(end.value) : this.goBack(end.error));
  }

  onQuiet(): void {
    this.guard(this.putDown());
  }

  /** Nothing new is begun here: a held run is parked, any other goes to others at once. */
  async putDown(): Promise<void> {
    if (this.journal.meta.held) return this.journal.park('it is held', null);
    await this.journal.flush();
    const why = this.host.stopping ? 'the runtime stops' : this.wasHeld ? 'it was held meanwhile' : 'it is always replayed';
    await this.journal.handBack(why, 0);
    if (this.host.alwaysReplay) this.host.expect(0);
  }

  onParked(wakeMs: number | undefined): void {
    // It could go on here, although it had nothing to write.
    if (this.journal.meta.handBacks !== undefined) this.journal.note({ handBacks: undefined, blocked: undefined });
    // Behind the pivot a deadline is nothing to wake for: a run that it has passed would be woken again at once.
    // Whole ones: a store's moments are too coarse for less, and a run that is due at once would be parked again and again.
    const inMs = Math.ceil(Math.min(wakeMs ?? Infinity, this.journal.meta.pivot ? Infinity : this.limits.leftMs));
    const parked = this.journal.park('it waits', inMs === Infinity ? null : { inMs });
    this.guard(parked.then(() => this.host.expect(inMs)));
  }

  onStuck(n: number, error: unknown): void {
    this.guard(this.stick(n, error, 'running'));
  }

  onPivot(then: () => void): void {
    this.environment.clock.nextTurn(() => {
      then();
      // What was asked for while nobody knew on which side of the pivot the run was.
      this.onForeign();
    });
  }

  readonly onWriteFailed = (error: unknown): void => this.failed(error);

  onMismatch(error: ReplayMismatchError): void {
    this.journal.tell('saga.mismatch', { error, details: error.details });
    this.leave(error.message);
  }

  private forward(body: (run: RunContext) => Promise<unknown>): void {
    this.pass = new Pass(this, this.journal);
    this.settledBefore = this.journal.history.settled.length;
    this.limits.watch();
    this.pass.start(body);
  }

  /** Others have written to the run, or time has passed: does it still want to go forward? */
  private onForeign(): void {
    if (this.over || this.journal.closed || this.journal.history.decided) return;
    const stop = this.journal.meta.pivot ? undefined : this.limits.unwanted();
    const onward = (): void => {
      this.limits.watch();
      this.pass?.wake();
    };
    if (!stop) return onward();
    if (this.turning) return;
    this.turning = true;
    this.guard(turnBack(this, stop, onward).finally(() => (this.turning = false)));
  }

  private async stick(n: number, error: unknown, stuckFrom: 'running' | 'compensating'): Promise<void> {
    if (this.over) return;
    this.over = true;
    this.pass?.fence(error);
    // A person may resolve it at once, and then nothing of this pass may be under way beside what follows.
    if (this.pass?.isBusy) await this.pass.idle(this.host.graceMs);
    const told = this.encodable(this.pass?.original(error) ?? error);
    const { history } = this.journal;
    this.journal.add(`stuck:${history.stuck.length + 1}`, 'saga.stuck', { n, error: told }, n);
    this.journal.note({ stuckFrom, ...(this.journal.meta.cause ? {} : { cause: shortCause(told) }) });
    await this.journal.flush({ status: 'stuck', owner: null, wake: null });
    const step = n === 0 ? 'the saga' : history.step(n).intent.operation;
    this.settleDone({ status: 'stuck', cause: history.cause ?? told, step, error: told });
  }

  private async complete(value: unknown): Promise<void> {
    const codec = this.codecs[0] as Codec;
    let data;
    try {
      data = encodeRecord(codec, value === undefined ? {} : { result: value });
    } catch (error) {
      return this.goBack(error);
    }
    const record = decodeRecord(this.codecs, data) as EndRecord;
    if (this.over) return;
    this.over = true;
    this.pass?.fence(undefined);
    const cancelled = (): boolean => this.journal.history.cancel !== undefined && !this.journal.meta.pivot;
    const stands = await this.journal.complete({ key: 'end', type: 'saga.completed', data }, record, cancelled);
    if (stands) return this.settleDone({ status: 'completed', result: record.result });
    this.over = false;
    this.onForeign();
  }

  /** The decision is durable before anything is undone; from here no owner calls the body. */
  async goBack(error: unknown): Promise<void> {
    const { pass, journal } = this;
    if (this.over) return;
    if (journal.meta.pivot === 'passed') return this.stick(0, error, 'running');
    this.over = true;
    this.thrown = pass?.original(error) ?? error;
    pass?.fence(error);
    const cause = this.encodable(this.thrown);
    journal.add('compensating', 'saga.compensating', { cause });
    // One that was stuck on its way forward has its first failure already.
    const short = journal.meta.cause ?? shortCause(cause);
    journal.note({ cause: short });
    const patch: HeadPatch = { status: 'compensating', tags: { ...journal.tags, error: short.name } };
    // Alone, unless what is to be undone is known without asking anybody: nothing may come between it and its status.
    if (pass?.isBusy || isUnclear(journal.history)) {
      await journal.flush(patch);
      await pass?.quiesce(this.host.graceMs);
      return this.undo();
    }
    return this.undo(patch);
  }

  /** The frozen list first, once; then the undos, read from the journal. */
  private async undo(patch: HeadPatch = {}): Promise<void> {
    if (!this.journal.history.frozen) await freeze(this, patch);
    const stopped = isUndone(this.journal.history) ? undefined : await unwind(this);
    if (stopped?.status === 'stuck') return this.settleDone({ ...stopped, cause: this.thrown ?? stopped.cause });
    if (stopped) return;
    const { end, cause } = this.journal.history;
    this.settleDone({ status: end?.status === 'mixed' ? 'mixed' : 'compensated', cause: this.thrown ?? cause });
  }

  /** Whatever cannot go on here is left to others, later and later. */
  leave(why: string): void {
    this.guard(this.journal.handBack(why, Math.min(1_000 * 2 ** Math.min(this.journal.meta.handBacks ?? 0, 20), 300_000), true));
  }

  /** The error, or as much of it as can be kept. */
  encodable(error: unknown): unknown {
    try {
      encodeRecord(this.codecs[0] as Codec, error);
      return error;
    } catch {
      return plainError(error);
    }
  }

  private guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    // What was refused with an end that came too late is written with the decision to go back.
    if (this.journal.closed || error instanceof TooLate) return;
    if (!(error instanceof OwnershipLostError)) this.journal.tell('run.failed', { error });
    this.settleCreated.reject(error);
    this.leave(messageOf(error));
  }
}
