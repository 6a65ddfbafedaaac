import { sleep } from '../base/clock.js';
import { decodeRecord, encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import type { Called, Calls } from './calls.js';
import { StepFencedError, StepInterruptedError } from './errors.js';
import { encodeOutcome } from './intent.js';
import type { Journal } from './journal.js';
import { ALERT_AFTER, insist, pauseMs, probed, stands } from './stand.js';
import type { PassHost } from './pass-host.js';
import type { NoteRecord } from './records.js';
import type { StepOutcome } from './step-call.js';

/** The pass whose steps are executed: the scope in which bodies run, and the one who is told. */
export interface ExecutorHost {
  /** Nothing new is begun: the run goes backward, or the runtime stops. */
  readonly isEnding: boolean;
  /** An outcome that stands. */
  onOutcome(called: Called, outcome: StepOutcome): void;
  /** A body will not be run again here. */
  wake(): void;
}

/** Runs the bodies of steps; a pivot in doubt and what follows on a pivot is insisted upon. */
export class Executor {
  private readonly running = new Set<Called>();
  private stopped = false;
  // Made when something waits for it: it costs more than a whole step.
  private ending: AbortController | undefined;
  private onIdle: (() => void) | undefined;
  private abandoned = false;
  /** Failed while a pivot's call is under way, or with a result that cannot be kept. */
  private readonly failing: { readonly called: Called; readonly outcome: StepOutcome }[] = [];

  constructor(
    private readonly host: ExecutorHost,
    private readonly given: Pick<PassHost, 'environment' | 'codecs' | 'around' | 'onStuck'>,
    private readonly journal: Journal,
    private readonly calls: Calls,
  ) {}

  get isBusy(): boolean {
    return this.running.size > this.failing.length;
  }

  /** Runs the body of a call whose intent is durable. */
  start(called: Called): void {
    const { operation, foundAt } = called;
    if (foundAt !== undefined && operation.pivot && operation.probe) {
      this.begin(called);
      void this.askProbe(called, this.interrupted(called));
    } else if (called.call.mustNotRepeat) {
      this.begin(called);
      this.executed(called, { outcome: 'unknown', error: this.interrupted(called) });
    } else {
      this.execute(called);
    }
  }

  private interrupted({ operation }: Called): StepInterruptedError {
    return new StepInterruptedError(this.journal.saga, this.journal.id, operation.name);
  }

  /** Asks the bodies to stop, and insists on nothing any more. Outcomes are still told. */
  stop(reason: unknown): void {
    this.stopped = true;
    this.ending?.abort();
    for (const { call } of this.running) call.abort(reason);
    // With the pivot in doubt, or passed, there is no way back: whoever goes on calls them again.
    for (const { called, outcome } of this.failing.splice(0)) {
      if (this.journal.meta.pivot) this.running.delete(called);
      else this.settle(called, outcome);
    }
  }

  /** Settles when no body runs any more, or after `graceMs`, or when nobody cares any more. */
  async idle(graceMs: number): Promise<void> {
    if (!this.isBusy || this.abandoned) return;
    await new Promise<void>((resolve) => {
      const timer = this.given.environment.clock.setTimer(graceMs, resolve, { background: true });
      this.onIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** As `stop`, and whatever the bodies come to is nobody's business any more. */
  abandon(reason: unknown): void {
    this.abandoned = true;
    this.stop(reason);
    this.onIdle?.();
  }

  private get signal(): AbortSignal {
    this.ending ??= new AbortController();
    if (this.stopped) this.ending.abort();
    return this.ending.signal;
  }

  /** A process that was paused in a pause between two attempts may have lost the run. */
  private readonly mayGoOn = (): boolean => {
    if (this.journal.isSafe(this.given.environment.clock.monotonic())) return true;
    this.journal.close('its lease was not safe any more when a step was to be repeated');
    return false;
  };

  private begin(called: Called): void {
    called.state = 'running';
    this.running.add(called);
  }

  private execute(called: Called): void {
    this.begin(called);
    called.call.mayGoOn = this.mayGoOn;
    called.call.notes = this.journal.history.step(called.n).notes ?? [];
    called.call.keep = (value) => this.note(called, value);
    called.call.execute(this.host, called.invoke, (outcome) => this.executed(called, outcome), this.given.around);
  }

  /** A pivot has settled: what failed meanwhile stands, or is insisted upon. */
  onPivot(): void {
    for (const { called, outcome } of this.failing.splice(0)) this.executed(called, outcome);
  }

  /** A piece of evidence, durable before the body goes on. While the run goes backward too, until its list is frozen. */
  private async note(called: Called, value: unknown): Promise<void> {
    const { journal } = this;
    if (journal.closed) throw journal.closed;
    if (journal.history.frozen || called.state !== 'running') throw new StepFencedError(journal.saga, journal.id, called.operation.name);
    const codecs = this.given.codecs;
    const data = encodeRecord(codecs[0] as Codec, { value });
    const { notes } = journal.history.step(called.n);
    const key = `step:${called.n}/note:${(notes?.length ?? 0) + 1}`;
    journal.addEntry({ key, type: 'step.noted', data }, decodeRecord(codecs, data) as NoteRecord, called.n);
    called.call.notes = journal.history.step(called.n).notes ?? [];
    await journal.flush();
  }

  private executed(called: Called, outcome: StepOutcome): void {
    const { pivot } = this.journal.meta;
    if (this.stopped || stands(called, outcome, pivot === 'passed')) {
      // Nobody knows yet whether there is a way back: if there is none, this is not the end of the step.
      const failedBeside = pivot === 'undecided' && !called.operation.pivot && !called.operation.wait && !this.isKept(outcome);
      if (!failedBeside || this.stopped) return this.settle(called, outcome);
      this.failing.push({ called, outcome });
      return;
    }
    called.failures += 1;
    const error = 'error' in outcome ? outcome.error : undefined;
    const told = { step: called.operation.name, error, details: { failures: called.failures } };
    this.journal.tell('step.repeating', told);
    if (called.failures === ALERT_AFTER) this.journal.tell('step.alert', told);
    const next = insist(called, outcome);
    if (next === 'stuck') this.stick(called, error);
    else if (next === 'probe') void this.askProbe(called, error);
    else void this.repeat(called, outcome.outcome === 'unknown');
  }

  /** Done, and its result can be written down. */
  private isKept(outcome: StepOutcome): boolean {
    return outcome.outcome === 'done' && encodeOutcome(this.given.codecs, outcome).record.outcome === 'done';
  }

  private async repeat(called: Called, unknownBefore: boolean): Promise<void> {
    const { environment } = this.given;
    await sleep(environment.clock, pauseMs(called.failures, environment), this.signal, true);
    if (this.host.isEnding) return this.giveUp(called);
    this.callAgain(called, unknownBefore || called.foundAt !== undefined);
  }

  private callAgain(called: Called, unknownBefore = true): void {
    if (!this.mayGoOn()) return this.giveUp(called);
    called.call = this.calls.again(called, unknownBefore);
    this.execute(called);
  }

  private async askProbe(called: Called, error: unknown): Promise<void> {
    const answer = await probed(called, this.given.environment, this.signal);
    if (this.host.isEnding) return this.giveUp(called);
    if (answer === 'absent') return this.callAgain(called);
    if (answer) this.settle(called, answer);
    else this.stick(called, error);
  }

  private settle(called: Called, outcome: StepOutcome): void {
    this.running.delete(called);
    if (this.abandoned) return;
    this.host.onOutcome(called, outcome);
    if (!this.isBusy) this.onIdle?.();
  }

  /** It waits for a person, and nothing of it is at work here any more. */
  private stick(called: Called, error: unknown): void {
    this.running.delete(called);
    if (!this.isBusy) this.onIdle?.();
    this.given.onStuck(called.n, error);
  }

  /** Its outcome stays open in the journal: whoever goes on calls it again. */
  private giveUp(called: Called): void {
    this.running.delete(called);
    if (!this.isBusy) this.onIdle?.();
    this.host.wake();
  }
}
