import { createHash } from 'node:crypto';
import { z } from 'zod';
import { checkOptions } from '../base/options.js';
import type { Problem } from '../base/errors.js';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Matcher } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import type { Schema } from '../base/schema.js';
import type { Durability } from '../base/store.js';
import type { AnyUndo } from './undo.js';

/** How an undo is repeated and bounded. */
export interface UndoOptions {
  /** The undo closes `forwardKey` at the remote, so that a late effect cannot land. Default: false. */
  readonly total?: boolean;
  /** Default: unlimited. When they are used up the run is stuck. */
  readonly maxRetries?: number;
  /** First pause between attempts, doubled each time up to `maxDelay`. Default: 100 ms. */
  readonly delay?: Duration;
  /** Default: 30 s. */
  readonly maxDelay?: Duration;
  /** Time limit of one attempt. Default: 30 s. */
  readonly timeout?: Duration;
  /** `undo.alert` is published after this many failed attempts. Default: 10. */
  readonly alertAfter?: number;
  /** When an undo that is not total looks again after an unknown outcome. Default: the runtime's lease plus `timeout`. */
  readonly lateEffectMs?: number;
}

/** `UndoOptions`, checked and filled in. */
export interface UndoPolicy {
  readonly total: boolean;
  readonly maxRetries: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly timeoutMs: number;
  readonly alertAfter: number;
  readonly lateEffectMs: number | undefined;
}

export interface Compensation {
  /** Shown and recorded, such as `refund`; the durable identity is the operation's name. */
  readonly name: string;
  readonly policy: UndoPolicy;
  /** Finds the object by itself: it is called in processes that never ran the operation. */
  readonly run: (undo: AnyUndo) => unknown;
  /** Called with the same facts, and a key of its own, when the first has failed for good. */
  readonly alternate?: (undo: AnyUndo) => unknown;
}

/** A step as the engine knows it, whoever declared it. */
export interface Operation {
  /** Stable: recorded in journals and sent to the outside in keys. */
  readonly name: string;
  readonly compensation?: Compensation;
  /** It changes nothing. */
  readonly readOnly?: true;
  /** Why it cannot be undone. */
  readonly irreversible?: string;
  /** Errors that say that no effect happened, besides `RefusedError`. */
  readonly refusedOn: readonly Matcher[];
  /** False: after an attempt whose outcome is unknown it must not run again. Default: true. */
  readonly repeatable: boolean;
  /** The point of no return: once it is done, the run only goes forward. */
  readonly pivot?: true;
  /** Asks the outside what became of a call whose outcome is unknown. */
  readonly probe?: (asked: Probe) => Promise<ProbeAnswer>;
  /** A refused call is undone too. Default: false. */
  readonly compensateRefused?: true;
  /** The run goes backward when it fails, whatever the body makes of the failure. Default: false. */
  readonly fatal?: true;
  /** The engine's own: a durable wait. */
  readonly wait?: 'sleep' | 'receive';
  /** Changes when name, kind or compensation change. */
  readonly hash: string;
}

/** What a probe is asked about. */
export interface Probe<A extends readonly unknown[] = readonly unknown[]> {
  readonly args: A;
  /** The key that the call sent to the outside. */
  readonly key: string;
}

/**
 * `done` and `refused` settle the call. `absent`: the outside has never seen the key, so the step is called again with it.
 * `unknown`: the outside cannot tell either, and a person is needed.
 */
export type ProbeAnswer<R = unknown> =
  | { readonly outcome: 'done'; readonly result: R }
  | { readonly outcome: 'refused' | 'absent' | 'unknown' };

/** Names with values, each a short text; `error` is the engine's own. */
export type Tags = Readonly<Record<string, string>>;

/** A saga as the engine knows it. */
export interface SagaDefinition<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  readonly name: string;
  readonly version: number;
  /** The run's id from its arguments; without it, and without an id at the start, a random one. */
  readonly idOf?: (...args: A) => string;
  /** Least durability of the store that it accepts. */
  readonly requires?: Durability;
  /** What `admin.list` finds the run by, from its arguments. */
  readonly tagsOf?: (...args: A) => Tags;
  /** Checks the first argument before anything is written. */
  readonly input?: Schema;
  /** After this long, counted from the start, the run goes backward, unless its pivot has passed. Default: never. */
  readonly deadlineMs?: number;
  /** How long a run is kept after its end; `Infinity`: until it is purged. Default: the runtime's. */
  readonly retentionMs?: number;
  /** Calls the body; for a class, on an object that it finds by itself. */
  readonly body: (run: RunContext, args: A) => Promise<R>;
  /** Throws when the body's object cannot be had in this process: then its runs are left to others. */
  readonly check?: () => void;
  /** Operations known to belong to it. */
  readonly steps?: readonly Operation[];
}

/** What a saga's body is given, and what a decorated body finds by itself. */
export interface RunContext {
  readonly saga: string;
  readonly id: string;
  /** Runs a step, or answers from the journal what it answered before. */
  step<A extends readonly unknown[], R>(step: StepDefinition<A, R>, ...args: A): Promise<R>;
  /** Waits, over crashes and restarts of all processes; meanwhile the run is parked and costs no memory. */
  sleep(duration: Duration): Promise<void>;
  /**
   * Waits for a signal of this name; signals that came before are kept, each is given once. Undefined: none came within
   * `timeout` (default: it waits for ever).
   */
  receive<T = unknown>(name: string, options?: { readonly timeout?: Duration }): Promise<T | undefined>;
  /**
   * Runs another saga as a step of this one: a run of its own, undone with this one.
   * @throws SagaCompensatedError when it was undone.
   */
  child<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, ...args: A): Promise<R>;
}

/** A step that is a plain function. */
export interface StepDefinition<A extends readonly unknown[] = readonly unknown[], R = unknown> extends Operation {
  /** One call with its policies. */
  readonly invoke: (args: A, call: Call) => Promise<R>;
}

const undoOptions = z.strictObject({
  total: z.boolean().optional(),
  maxRetries: z.number().int().min(0).or(z.literal(Infinity)).optional(),
  delay: z.union([z.number(), z.string()]).optional(),
  maxDelay: z.union([z.number(), z.string()]).optional(),
  timeout: z.union([z.number(), z.string()]).optional(),
  alertAfter: z.number().int().min(1).optional(),
  lateEffectMs: z.number().min(0).optional(),
});

/** Checks the options of an undo once. @throws ConfigurationError naming `subject`. */
export function undoPolicy(subject: string, options: UndoOptions = {}): UndoPolicy {
  checkOptions(subject, undoOptions, options);
  return {
    total: options.total ?? false,
    maxRetries: options.maxRetries ?? Infinity,
    delayMs: durationMs(options.delay ?? 100, `${subject}, delay`),
    maxDelayMs: durationMs(options.maxDelay ?? 30_000, `${subject}, maxDelay`),
    timeoutMs: durationMs(options.timeout ?? 30_000, `${subject}, timeout`),
    alertAfter: options.alertAfter ?? 10,
    lateEffectMs: options.lateEffectMs,
  };
}

const NAME = /^[^/#~@\0\s][^/#~\0]{0,99}$/;

/** What is wrong with a stable name, if anything: it becomes a part of keys. */
export function nameProblem(subject: string, name: string): Problem | undefined {
  if (NAME.test(name)) return undefined;
  return {
    subject,
    cause: `"${name}" cannot be a stable name.`,
    remedy: 'Use 1 to 100 characters without "/", "#", "~" and NUL, and no "@" in front.',
  };
}

/** Definition hash of an operation: of what a journal relies on, not of source text. */
export function operationHash(operation: Pick<Operation, 'name' | 'compensation' | 'readOnly' | 'irreversible'>): string {
  const kind = operation.compensation ? 'compensated' : operation.readOnly ? 'readOnly' : 'irreversible';
  const parts = [operation.name, kind, operation.compensation?.name ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}
