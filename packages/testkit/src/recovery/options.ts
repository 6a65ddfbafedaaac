import type { Clock, Operation, RuntimeOptions, SagaDefinition, Store } from '@redress/core';
import type { ClassEntry, Container } from '@redress/decorators';

/**
 * The options of a runtime, and what the test needs besides. Default of `alwaysReplay`: whether `REDRESS_ALWAYS_REPLAY` is 1,
 * so that a suite can be run a second time with memory dropped after each outcome.
 */
export interface RecoveryOptions extends Omit<RuntimeOptions, 'store' | 'environment' | 'sagas' | 'steps'> {
  /** Where the objects are found, as for `redress()`; or a function that makes it anew for each process. */
  readonly container?: Container | (() => Container);
  /** Default: every class with a mark that is loaded. */
  readonly classes?: readonly ClassEntry[];
  /** Objects to use without a container; or a function that makes them anew for each process. */
  readonly instances?: readonly object[] | (() => readonly object[]);
  /** Sagas and steps of plain functions. */
  readonly sagas?: readonly SagaDefinition<never, unknown>[];
  readonly steps?: readonly Operation[];
  /** Opens one process's connection to the store, with this clock. Default: connections to one memory database. */
  readonly store?: (clock: Clock) => Store;
  /** Of everything that is left to chance. Default: `REDRESS_SEED`, else another one each time; printed when the test fails. */
  readonly seed?: number;
}

/** The seed to use: what was given, or in the environment, or a new one. */
export function chooseSeed(given: number | undefined): number {
  if (given !== undefined) return given;
  const wanted = Number(process.env['REDRESS_SEED'] ?? 'none');
  return Number.isInteger(wanted) ? wanted : Math.floor(Math.random() * 1_000_000);
}
