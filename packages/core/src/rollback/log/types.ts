import type { Environment } from '../../base/environment.js';
import type { Durability, Store } from '../../base/store.js';
import type { ProcessId, Recoverable } from '../words.js';

/** What a process is told. */
export interface IncomingMessage<B = unknown> {
  /** Who sends it. Given together with `sequence`; without both, a message that comes twice is handled twice. */
  readonly from?: string;
  /** Counts what `from` sends to this process: 1, 2, 3 and so on. The same number is the same message. */
  readonly sequence?: number;
  /** Which handler it is for, where there are several. Default: the empty text. */
  readonly type?: string;
  readonly body: B;
}

/** What a handler sees of a message: equal at the first time and in each replay. */
export interface LoggedMessage<B = unknown> {
  readonly from: string | undefined;
  readonly sequence: number | undefined;
  readonly type: string;
  readonly body: B;
}

/** What comes back for a message whose record is durable: its source may forget it now. */
export interface Receipt<R = unknown> {
  /** Its place in the log, from 1; 0 for a duplicate. */
  readonly position: number;
  /** It had come before, and was not logged again. */
  readonly duplicate: boolean;
  /**
   * What the handler returned, when all that it rests on is durable; undefined for a duplicate. Rejects when the message was
   * parked, or when the log was closed or lost before that was known.
   */
  readonly done: Promise<R | undefined>;
}

/** Everything that a handler may take from outside: each answer is logged, and a replay is given the same one. */
export interface LogContext {
  readonly position: number;
  /** True when this run of the handler repeats one that was logged. For log lines only: what is done must not depend on it. */
  readonly replaying: boolean;
  /** Wall clock, milliseconds. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** A random UUID, version 4. */
  uuid(): string;
  /**
   * Runs `fn` when all before it is durable, and logs its answer or its error; a replay reads it. After a crash in between it runs
   * again with the same `key`, for the other side to know it by.
   * @throws what `fn` throws; CodecError when its answer cannot be kept.
   */
  effect<T>(name: string, fn: (key: string) => T | Promise<T>): Promise<T>;
  /**
   * Gives `body` to a sink, once the handler has returned and that is durable. Answers the output's key.
   * @throws ConfigurationError for an unknown sink; TooManyUnconfirmedError, with which the handler is run again later.
   */
  send(sink: string, body: unknown): string;
  /** True for messages that are handled by code which asks this; false in the replay of those handled before it asked. */
  patched(id: string): boolean;
}

/** Handles one message at a time, in the order of the log. It must take nothing from outside but through its context. */
export type LogHandler = (message: LoggedMessage, context: LogContext) => unknown;

export interface Output {
  /** Constant over crashes and replays: process, position and number within the message. */
  readonly key: string;
  /** Counts what goes to this sink: 1, 2, 3 and so on. */
  readonly sequence: number;
  readonly from: ProcessId;
  readonly body: unknown;
}

/**
 * Where outputs go. `transactional`: applies an output and remembers its key in one atomic act, so exactly once. `idempotent`:
 * hands the key on to one that knows repetitions by it. `plain`: knows nothing, and may see an output twice after a crash.
 */
export interface Sink {
  readonly kind: 'transactional' | 'idempotent' | 'plain';
  /** Resolves when all of them have arrived. In order; one call at a time; repeated with the same outputs when it rejects. */
  deliver(outputs: readonly Output[]): Promise<void>;
}

/** What a person should know of a sink. */
export interface SinkReport {
  readonly sink: string;
  readonly kind: Sink['kind'];
  readonly guarantee: string;
  readonly made: number;
  readonly confirmed: number;
  /** In a row, without a success since. */
  readonly failures: number;
}

export interface MessageLogOptions {
  readonly store: Store;
  /** What the process keeps; its id names the log. */
  readonly state: Recoverable;
  readonly handle: LogHandler;
  /** By the names that `context.send` uses. Default: none. */
  readonly sinks?: Readonly<Record<string, Sink>>;
  /** Default: `createEnvironment()`. */
  readonly environment?: Environment;
  /** Refuse to open over a store whose answered writes survive less. Default: any store. */
  readonly requires?: Durability;
  /** A checkpoint is taken after so many messages. Default: 10,000. */
  readonly checkpointEvery?: number;
  /** How many checkpoints are kept, with the log since the oldest: the newest may be damaged. Default: 2. */
  readonly keep?: number;
  /** A message whose handler throws so often goes to the dead letters. Default: 3. */
  readonly attempts?: number;
  /** A message that was the first to be handled in so many processes, and is not behind any of them, goes to the dead letters. Default: 10. */
  readonly crashes?: number;
  /** True: when the handler throws, the state is as it was before, as with an undo log. Default: false; the log is replayed then. */
  readonly atomic?: boolean;
  /** Outputs that may wait for their sinks. Default: 100,000. */
  readonly maxUnconfirmed?: number;
  /** Messages that may wait for the handler; `accept` waits beyond. Default: 10,000. */
  readonly maxPending?: number;
  /** How long after a sink's failure it is asked again, in milliseconds. Default: 5000. */
  readonly redeliverMs?: number;
  /** A replay without any progress for so long is given up, in milliseconds. Default: 30,000. */
  readonly inactivityMs?: number;
  /** When the store has lost what it had answered: write all that is in memory anew, or stop. Default: `repair`. */
  readonly onRegression?: 'repair' | 'stop';
  /** What to do with records that a writer wrote after another one had taken over; see `ReplayMode`. Default: `fail`. */
  readonly replayMode?: ReplayMode;
}

/** The log of one process, and the process behind it: see `openMessageLog`. */
export interface MessageLog extends AsyncDisposable {
  readonly process: ProcessId;
  readonly incarnation: number;
  /** Of the last message that was handled or parked. */
  readonly position: number;
  /** Outputs that no sink has confirmed yet. */
  readonly unconfirmed: number;
  /** Fulfilled when the log takes nothing more: with undefined after `close`, else with what has ended it. Never rejects. */
  readonly ended: Promise<unknown>;
  /**
   * Logs a message, unless it came before, and has it handled. Fulfilled when its record is durable.
   * @throws CodecError when its body cannot be kept; MessageGapError; TooManyUnconfirmedError; LogFencedError, LogClosedError,
   * StoreRegressionError when this process must not go on: send it again to whoever opens the log next.
   */
  accept(message: IncomingMessage): Promise<Receipt>;
  /** Takes a checkpoint before the next message. Fulfilled with its position when it is durable. */
  checkpoint(): Promise<number>;
  /** Fulfilled when all that was accepted is handled and all outputs have arrived. @throws what has ended the log before that. */
  drained(): Promise<void>;
  /** What is to be known of each sink. */
  report(): readonly SinkReport[];
  /** Lets the message at hand end, writes what is to be written, and ends. What was not handled is handled after the next opening. */
  close(): Promise<void>;
}

/**
 * What a replay does with records of a writer whose log another one had taken over, which only a store without a fence can hold:
 * leave them out, refuse the replay, take them with a warning, or take them.
 */
export type ReplayMode = 'repair' | 'fail' | 'warn' | 'off';
