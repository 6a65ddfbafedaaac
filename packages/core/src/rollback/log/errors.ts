import { messageOf, RedressError } from '../../base/errors.js';
import type { ErrorOptions } from '../../base/errors.js';

/** Any error about one message log. `process` names it. */
export class MessageLogError extends RedressError {
  readonly process: string;

  constructor(code: string, process: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, details: { process, ...options.details } });
    this.process = process;
  }
}

/** Another owner has opened the log, or its stream holds what this owner did not write. Nothing more leaves this one. Code `LOG_FENCED`. */
export class LogFencedError extends MessageLogError {
  constructor(process: string, why: string) {
    super('LOG_FENCED', process, `The log of "${process}" is not owned here any more: ${why}. End this process; the other one goes on.`);
  }
}

/** The log was closed. Code `LOG_CLOSED`. */
export class LogClosedError extends MessageLogError {
  constructor(process: string) {
    super('LOG_CLOSED', process, `The log of "${process}" was closed. Send the message again to whoever opens it next.`);
  }
}

/** A handler, run again on what was logged, did something else. The process is not opened. Code `LOG_NON_DETERMINISM`. */
export class NonDeterminismError extends MessageLogError {
  readonly position: number;

  constructor(process: string, position: number, expected: string, actual: string) {
    super(
      'LOG_NON_DETERMINISM',
      process,
      `Message ${position} of "${process}" was replayed differently: the log says ${expected}, the handler did ${actual}. ` +
        'Take time, chance and answers from the context, or ask context.patched(id) around changed code.',
      { details: { position, expected, actual } },
    );
    this.position = position;
  }
}

/** So many outputs wait for their sinks that no more may be made. Nothing was dropped. Code `LOG_UNCONFIRMED`. */
export class TooManyUnconfirmedError extends MessageLogError {
  constructor(process: string, cap: number) {
    super('LOG_UNCONFIRMED', process, `"${process}" has ${cap} outputs that no sink has confirmed. Look at its sinks; send again later.`, {
      retryable: true,
      details: { cap },
    });
  }
}

/** Two outputs with one key have different bodies. The first one stands. Code `LOG_OUTPUT_DIVERGENCE`. */
export class OutputDivergenceError extends MessageLogError {
  constructor(process: string, key: string, cause?: unknown) {
    super(
      'LOG_OUTPUT_DIVERGENCE',
      process,
      `The output "${key}" came again with another body. Look for what its handler takes from outside.`,
      {
        cause,
        details: { key },
      },
    );
  }
}

/** Messages of a sender are missing, and too many came after them to be remembered one by one. Code `LOG_GAP`. */
export class MessageGapError extends MessageLogError {
  constructor(process: string, sender: string, missing: number, above: number) {
    super(
      'LOG_GAP',
      process,
      `Message ${missing} of "${sender}" to "${process}" is missing, and ${above} came after it. Let the sender count 1, 2, 3 and send it again.`,
      { retryable: true, details: { sender, missing, above } },
    );
  }
}

/** What the log holds cannot be read, or not by this release. Nothing was written. Code `LOG_CORRUPT`. */
export class LogCorruptError extends MessageLogError {
  constructor(process: string, what: string, cause?: unknown) {
    super(
      'LOG_CORRUPT',
      process,
      `The log of "${process}" cannot be replayed: ${what}${cause === undefined ? '' : ` (${messageOf(cause)})`}. Restore its stream from a backup.`,
      { cause },
    );
  }
}

/** A replay made no progress for too long. Code `LOG_REPLAY_STALLED`. */
export class ReplayStalledError extends MessageLogError {
  constructor(process: string, position: number, ms: number) {
    super(
      'LOG_REPLAY_STALLED',
      process,
      `The replay of "${process}" made no progress for ${ms} ms after message ${position}. Look at the store and at the handler of the next one.`,
      { retryable: true, details: { position, ms } },
    );
  }
}
