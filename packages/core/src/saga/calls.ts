import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../base/codec.js';
import type { Environment } from '../base/environment.js';
import type { Data } from '../base/store.js';
import type { Operation } from './definition.js';
import { PivotOrderError, ReplayMismatchError } from './errors.js';
import type { StepHistory } from './history.js';
import { brief, encodeIntent } from './intent.js';
import type { Journal } from './journal.js';
import type { IntentRecord } from './records.js';
import { StepCall } from './step-call.js';
import type { Invoke } from './step-call.js';

/** How a call is run, and how the body that made it is answered. */
export interface Answering {
  readonly invoke: Invoke;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A step that the body has called in this pass. */
export interface Called extends Answering {
  readonly operation: Operation;
  readonly intent: IntentRecord;
  /** Encoded at the call, when the body has not touched its arguments yet; undefined when the journal has it. */
  readonly data: Data | undefined;
  /** The execution under way, or the next one. */
  call: StepCall;
  /** Position in the journal; 0 until it has one. */
  n: number;
  /** When the journal's intent was committed, in milliseconds of the store's clock; undefined for a call of this pass. */
  readonly foundAt: number | undefined;
  /** Executions in this pass whose outcome could not stand. */
  failures: number;
  state: 'called' | 'running' | 'settled' | 'given';
}

/** The calls of one pass, each met with what the journal says of it: by operation, occurrence and arguments. */
export class Calls {
  private readonly occurrences = new Map<string, number>();
  /** By position, from 1; the journal's intents that the body has not called are holes. */
  private readonly placed: (Called | undefined)[] = [];
  /** Intents that the journal held when the pass began; how many of them the body has called. */
  private readonly found: number;
  private met = 0;
  private toldFloating = false;
  /** The pivot that was called last, perhaps in this very turn. */
  private pivot: Called | undefined;

  constructor(
    private readonly journal: Journal,
    private readonly codecs: readonly Codec[],
    private readonly environment: Environment,
  ) {
    this.found = journal.history.steps.length;
  }

  /** Whether the journal holds intents that the body has not called. */
  get areMissing(): boolean {
    return this.met < this.found;
  }

  at(n: number): Called | undefined {
    return this.placed[n - 1];
  }

  /** Their intents are written, or on their way, and their bodies were not called yet. */
  get areWaiting(): boolean {
    return this.all().some((called) => called.state === 'called' && called.foundAt === undefined);
  }

  /** The body has returned, and steps that it does not wait for are still open: the run waits for them. Said once. */
  tellFloating(): void {
    if (this.toldFloating) return;
    this.toldFloating = true;
    for (const { state, operation } of this.all())
      if (state !== 'given' && !operation.wait) this.journal.tell('step.floating', { step: operation.name });
  }

  /** Nobody knows on which side of its pivot the run is. One that is still `fresh`, called in this very turn, is not begun. */
  isInDoubt(fresh: readonly Called[]): boolean {
    const isBegun = this.pivot?.foundAt !== undefined || !fresh.some((called) => called === this.pivot);
    return isBegun && this.journal.meta.pivot === 'undecided';
  }

  /** Those that have a position. */
  all(): readonly Called[] {
    return this.placed.filter((called) => called !== undefined);
  }

  /** A call of the body. @throws CodecError for its arguments; ReplayMismatchError when the journal has others; PivotOrderError. */
  add(operation: Operation, args: readonly unknown[], answering: Answering): Called {
    const { history, saga, id } = this.journal;
    const occurrence = (this.occurrences.get(operation.name) ?? 0) + 1;
    const { data, intent } = encodeIntent(this.codecs, history, operation, occurrence, args);
    this.occurrences.set(operation.name, occurrence);
    const found = this.found === 0 ? undefined : history.call(operation.name, occurrence);
    if (found) return this.meet(found, operation, intent, answering);
    this.checkPivot(operation);
    const call = new StepCall(operation, intent, saga, id, this.environment, false);
    const { invoke, resolve, reject } = answering;
    const state = 'called';
    const called: Called = { invoke, resolve, reject, operation, intent, data, call, n: 0, foundAt: undefined, failures: 0, state };
    if (operation.pivot) this.pivot = called;
    return called;
  }

  /** A further execution of a call. */
  again({ operation, intent }: Called, unknownBefore: boolean): StepCall {
    return new StepCall(operation, intent, this.journal.saga, this.journal.id, this.environment, unknownBefore);
  }

  /** Gives a call that is new to the journal its position: the next one. */
  number(called: Called): number {
    called.n = this.journal.history.steps.length + 1;
    this.placed[called.n - 1] = called;
    return called.n;
  }

  /** What the journal says and the body does not do: it has ended, calls something `fresh`, or waits for what comes later. */
  missing(fresh: readonly Called[], hasEnded: boolean): ReplayMismatchError {
    const unmet = this.journal.history.steps.find((step) => !this.at(step.n));
    const recorded = unmet ? `step ${unmet.n} is ${unmet.intent.operation}` : 'the body went on';
    const news = fresh.find((called) => called.n === 0);
    if (news) return this.mismatch(recorded, `calls ${news.operation.name}`);
    return this.mismatch(recorded, hasEnded ? 'ends without calling it' : 'waits for a later step without calling it');
  }

  /** Nothing that would have to be undone may follow on a pivot: it is refused before its intent. */
  private checkPivot(operation: Operation): void {
    const why = operation.pivot ? 'a run has one pivot at most' : operation.compensation ? 'it is undone by another step' : undefined;
    // That of a child counts from when it is known.
    const behind = this.journal.meta.pivot !== undefined || (this.pivot !== undefined && !this.isRefused(this.pivot));
    if (behind && why) throw new PivotOrderError(this.journal.saga, this.journal.id, operation.name, why);
  }

  /** The body knows that it did not happen: in a replay not before it did in the first run. */
  private isRefused({ n, state }: Called): boolean {
    return state === 'given' && this.journal.history.step(n).outcome?.outcome === 'refused';
  }

  private meet(found: StepHistory, operation: Operation, intent: IntentRecord, answering: Answering): Called {
    if (!isDeepStrictEqual(found.intent.args, intent.args)) {
      const recorded = `step ${found.n} is ${operation.name} with ${brief(found.intent.args)}`;
      throw this.mismatch(recorded, `calls it with other arguments, ${brief(intent.args)}`);
    }
    this.met += 1;
    const { saga, id } = this.journal;
    const call = new StepCall(operation, found.intent, saga, id, this.environment, true);
    const called: Called = {
      ...answering,
      operation,
      intent: found.intent,
      data: undefined,
      call,
      n: found.n,
      foundAt: found.at,
      failures: 0,
      state: 'called',
    };
    this.placed[found.n - 1] = called;
    if (operation.pivot) this.pivot = called;
    return called;
  }

  private mismatch(recorded: string, found: string): ReplayMismatchError {
    return new ReplayMismatchError(this.journal.saga, this.journal.id, recorded, found);
  }
}
