import type { Duration } from '../base/duration.js';

export type RunStatus = 'running' | 'completed' | 'compensating' | 'compensated' | 'stuck' | 'mixed';

/** Who does something to a run, and why. Both are kept in its journal. */
export interface Audit {
  readonly who: string;
  readonly why: string;
}

export interface RunQuery {
  readonly saga?: string;
  /** Any of these. Default: all. */
  readonly status?: readonly RunStatus[];
  /** Class name of the first failure. */
  readonly error?: string;
  /** One of the run's tags and its value. */
  readonly tag?: { readonly key: string; readonly value: string };
  /** Only runs with which the last process could not go on, or only the others. */
  readonly blocked?: boolean;
  /** Text in the id, or in the message of the first failure. */
  readonly text?: string;
  /** Begun at least this long ago. */
  readonly olderThan?: Duration;
  /** Only held runs, or only those that are not. */
  readonly held?: boolean;
  /** The `next` of the page before. */
  readonly after?: string;
  /** Default: 100, at most 1000. */
  readonly limit?: number;
}

/** A run in a list: what the head of its stream says. */
export interface RunSummary {
  readonly saga: string;
  readonly id: string;
  readonly status: RunStatus;
  /** When it is due next, in milliseconds of the store's clock: the end of a lease, a timer, a pause. */
  readonly dueAt: number | null;
  /** When a run that has ended is forgotten; absent: it is kept until it is purged. */
  readonly keptUntil?: number;
  readonly owner: string | null;
  readonly held: boolean;
  readonly cancelRequested: boolean;
  readonly pivot: 'none' | 'undecided' | 'passed';
  readonly cause?: { readonly name: string; readonly message: string; readonly code?: string };
  readonly tags: Readonly<Record<string, string>>;
  /** Why the last process that took it up could not go on with it, such as code that does not fit; absent when it could. */
  readonly blocked?: string;
  /** Claims without progress since the last one. */
  readonly recoveries: number;
}

export interface RunsPage {
  readonly runs: readonly RunSummary[];
  readonly next?: string;
}

export interface StepView {
  readonly n: number;
  readonly operation: string;
  readonly kind: 'compensated' | 'readOnly' | 'irreversible' | 'sleep' | 'receive';
  readonly args: readonly unknown[];
  readonly key: string;
  readonly startedAt: number;
  readonly outcome: 'open' | 'done' | 'refused' | 'unknown';
  readonly result?: unknown;
  readonly error?: unknown;
  readonly endedAt?: number;
  readonly alsoUnknown?: boolean;
  /** Evidence that its body kept. */
  readonly notes?: readonly unknown[];
  /** What undoing it came to; absent while the run goes forward or where there is nothing to undo. */
  readonly undo?: 'pending' | 'undone' | 'stuck' | 'marked' | 'waived';
  readonly undoneAt?: number;
}

export interface AuditView extends Audit {
  readonly verb: string;
  readonly at: number;
  readonly step?: string;
  readonly evidence?: unknown;
}

/** One run as a readable history. */
export interface RunView extends RunSummary {
  readonly version: number;
  readonly args: readonly unknown[];
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly result?: unknown;
  readonly steps: readonly StepView[];
  readonly audit: readonly AuditView[];
  /** Of a stuck run: at which step (absent: the run itself, not a step), and why. */
  readonly stuck?: { readonly step?: string; readonly error: unknown };
  /** The verbs that are possible now. */
  readonly verbs: readonly string[];
  readonly signals: readonly { readonly name: string; readonly value: unknown; readonly at: number; readonly consumed: boolean }[];
}

export interface Health {
  /** The store answers. */
  readonly live: boolean;
  /** Live, started and not stopping. */
  readonly ready: boolean;
  readonly details: {
    readonly owned: number;
    readonly recovered: number;
    readonly stopping: boolean;
    /** How long the store took to say what time it is; undefined when it did not. */
    readonly storeMs?: number;
    readonly error?: string;
    readonly unresolvable: readonly string[];
  };
}

/** For operators: looking at runs, and resolving those that cannot go on by themselves. Every verb is kept in the journal. */
export interface Admin {
  list(query?: RunQuery): Promise<RunsPage>;
  /** @throws SagaNotFoundError */
  show(saga: string, id: string): Promise<RunView>;
  /** A stuck run goes on from where it stuck, with a fresh budget. @throws SagaVerbError when it is not stuck. */
  retry(saga: string, id: string, audit: Audit): Promise<void>;
  /** The undo that is stuck was done by hand. @throws SagaVerbError when that step's undo is not stuck. */
  markCompensated(saga: string, id: string, step: string, audit: Audit & { readonly evidence: unknown }): Promise<void>;
  /** A step that is stuck going forward is done, with this result. */
  completeStep(saga: string, id: string, step: string, value: unknown, audit: Audit): Promise<void>;
  /** A step that is stuck going forward did not happen. */
  refuseStep(saga: string, id: string, step: string, audit: Audit): Promise<void>;
  /** The undo that is stuck is given up: the run ends `mixed`, never `compensated`. */
  waive(saga: string, id: string, step: string, audit: Audit): Promise<void>;
  /** An unfinished run is not driven until it is released. */
  hold(saga: string, id: string, audit: Audit): Promise<void>;
  release(saga: string, id: string, audit: Audit): Promise<void>;
  /** The run goes backward; one that does not exist yet will not start. @throws SagaVerbError past the pivot, or ended. */
  cancel(saga: string, id: string, audit: Audit): Promise<void>;
  /** A run that has a deadline gets a later one, counted from now. @throws SagaVerbError when it would be sooner, or comes too late. */
  extend(saga: string, id: string, deadline: Duration, audit: Audit): Promise<void>;
  /**
   * Forgets ended runs (completed and compensated) that ended this long ago; answers how many. Children are kept as long as
   * their parent has not ended, for it may have to undo them.
   */
  purge(query: { readonly endedBefore: Duration; readonly saga?: string; readonly limit?: number }): Promise<number>;
  health(): Promise<Health>;
}
