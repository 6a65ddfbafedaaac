import { ConfigurationError, RedressError, SagaNotFoundError, SagaVerbError, StoreError } from '@redress/core';
import { LintUsageError } from '@redress/lint';
import { CommanderError } from 'commander';

/** What the command ends with. */
export const EXIT = {
  ok: 0,
  /** A negative answer: nothing was found, or something was. */
  negative: 1,
  /** Bad usage or configuration; nothing was written. */
  usage: 2,
  /** The command itself failed. */
  internal: 3,
  /** The run is in a state in which that is not possible. */
  conflict: 4,
  /** The store does not answer. */
  unreachable: 5,
} as const;

/** A user's mistake: said in one sentence, without a stack. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A file that is to be read is not there. */
export class MissingFileError extends UsageError {}

/** Nothing was found. */
export class NothingFoundError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NothingFoundError';
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError || error instanceof LintUsageError || error instanceof ConfigurationError) return EXIT.usage;
  if (error instanceof NothingFoundError || error instanceof SagaNotFoundError) return EXIT.negative;
  if (error instanceof SagaVerbError) return EXIT.conflict;
  if (error instanceof StoreError) return EXIT.unreachable;
  return EXIT.internal;
}

/** What a person reads; the stack of what should not have happened only when asked for. */
export function sentenceOf(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const known = exitCodeOf(error) !== EXIT.internal;
  const code = RedressError.is(error) ? ` (${error.code})` : '';
  if (debug && error.stack) return error.stack;
  return known ? `${error.message}${code}` : `${error.name}: ${error.message}${code}\nThat should not have happened; --debug shows where.`;
}
