import { z } from 'zod';
import type { CodecType } from '../../base/codec-tree.js';
import { durationMs } from '../../base/duration.js';
import type { Duration } from '../../base/duration.js';
import { createEnvironment } from '../../base/environment.js';
import type { Environment } from '../../base/environment.js';
import { ConfigurationError } from '../../base/errors.js';
import type { Problem } from '../../base/errors.js';
import { checkOptions } from '../../base/options.js';
import type { Schema } from '../../base/schema.js';
import type { Durability, Store } from '../../base/store.js';
import type { RestoreInfo } from './checkpoints-types.js';
import type { Migration } from './migrate.js';

/** What an answered `save` survives: nothing, the death of the process but perhaps not of the host, the host's, or the loss of one host. */
export type CheckpointDurability = 'volatile' | 'buffered' | 'fsync' | 'replicated';

/** When checkpoints are taken by themselves, whichever comes first. */
export interface CheckpointEvery {
  /** Calls that ended well since the last one. */
  readonly calls?: number;
  /** Since the first change that is not in one. */
  readonly ms?: Duration;
}

export interface CheckpointOptions {
  /** Names the object for ever; needed to keep checkpoints. */
  readonly id?: string;
  /** What the object is one of. Default: the name of its class. */
  readonly name?: string;
  /** The fields that are its state. Default: those of `state`; without both, all that are there, which no store takes. */
  readonly fields?: readonly string[];
  /** Any schema of the fields that follows Standard Schema. What is restored must fit. */
  readonly state?: Schema;
  /** Fields that are no state. */
  readonly transient?: readonly string[];
  /** Version of the schema. Default: 1. */
  readonly version?: number;
  /** What tells one schema of a version from another. Default: made of its structure. */
  readonly fingerprint?: string;
  /** From each older version to the next: `{ 1: (v1) => v2 }`. */
  readonly migrate?: Readonly<Record<number, Migration>>;
  /** `changed-version`: what was stored under today's version is not validated again. Default: `always`. */
  readonly validate?: 'always' | 'changed-version';
  /** Where checkpoints are kept. Without one, calls still roll back. */
  readonly store?: Store;
  /** What the store must give at least; checked at the start. Default: `volatile`. */
  readonly durability?: CheckpointDurability;
  /** Default: only when `save` is called. */
  readonly every?: CheckpointEvery;
  /** How many checkpoints one can go back to, the last one included. Default: 2. */
  readonly keep?: number;
  /** `serial`: one call at a time. `optimistic`: all at once, and who has read what changed runs again. Default: `serial`. */
  readonly concurrency?: 'serial' | 'optimistic';
  /** How often an optimistic call is run again. Default: 10. */
  readonly maxReruns?: number;
  /** How long a call waits for its turn. Default: 10 s. */
  readonly lockTimeout?: Duration;
  /** How many calls may wait. Default: 10 000. */
  readonly maxQueue?: number;
  /** A write by a call that has ended: an error, or a transaction of its own while no call is under way. Default: `throw`. */
  readonly detachedWrites?: 'throw' | 'own';
  /** Classes of values in the state. */
  readonly types?: readonly CodecType[];
  /** Asked when the newest checkpoint is damaged: does the message log still have all from this position on? */
  readonly logReaches?: (position: number) => boolean | PromiseLike<boolean>;
  /** Called when the state is restored, before the first call; also when there was nothing to restore. */
  readonly afterRestore?: (info: RestoreInfo) => void | PromiseLike<void>;
  readonly environment?: Environment;
}

const duration = z.union([z.number().nonnegative(), z.string()]);
const schema = z.strictObject({
  id: z.string().min(1).max(200).optional(),
  name: z.string().min(1).max(200).optional(),
  fields: z.array(z.string().min(1)).optional(),
  state: z.custom((one) => typeof one === 'object' || typeof one === 'function', 'It is no schema').optional(),
  transient: z.array(z.string()).optional(),
  version: z.int().min(1).optional(),
  fingerprint: z.string().min(1).optional(),
  migrate: z.record(z.string(), z.function()).optional(),
  validate: z.enum(['always', 'changed-version']).optional(),
  store: z.custom((one) => typeof one === 'object' && one !== null, 'It is no store').optional(),
  durability: z.enum(['volatile', 'buffered', 'fsync', 'replicated']).optional(),
  every: z.strictObject({ calls: z.int().min(1).optional(), ms: duration.optional() }).optional(),
  keep: z.int().min(1).optional(),
  concurrency: z.enum(['serial', 'optimistic']).optional(),
  maxReruns: z.int().min(0).optional(),
  lockTimeout: duration.optional(),
  maxQueue: z.int().min(0).optional(),
  detachedWrites: z.enum(['throw', 'own']).optional(),
  types: z.array(z.looseObject({ name: z.string() })).optional(),
  logReaches: z.function().optional(),
  afterRestore: z.function().optional(),
  environment: z.custom().optional(),
});

/** Options with their defaults. */
export type Settled = Omit<CheckpointOptions, 'lockTimeout' | 'every'> &
  Required<
    Pick<CheckpointOptions, 'version' | 'keep' | 'concurrency' | 'maxReruns' | 'maxQueue' | 'detachedWrites' | 'environment' | 'types'>
  > & {
    readonly lockTimeoutMs: number;
    readonly everyCalls: number | undefined;
    readonly everyMs: number | undefined;
  };

/** Checks options before there is an object. @throws ConfigurationError with one problem for each that does not fit. */
export function checkCheckpointOptions(subject: string, options: CheckpointOptions): void {
  checkOptions(subject, schema, options);
}

/** @throws ConfigurationError with one problem for each option that does not fit. */
export function settle(subject: string, options: CheckpointOptions): Settled {
  checkCheckpointOptions(subject, options);
  const { lockTimeout = '10s', every, ...rest } = options;
  checkDurability(subject, options);
  return {
    version: 1,
    keep: 2,
    concurrency: 'serial',
    maxReruns: 10,
    maxQueue: 10_000,
    detachedWrites: 'throw',
    types: [],
    ...rest,
    environment: rest.environment ?? createEnvironment(),
    lockTimeoutMs: durationMs(lockTimeout, `${subject}, lockTimeout`),
    everyCalls: every?.calls,
    everyMs: every?.ms === undefined ? undefined : durationMs(every.ms, `${subject}, every.ms`),
  };
}

const GIVES: Readonly<Record<Durability, readonly CheckpointDurability[]>> = {
  process: ['volatile'],
  host: ['volatile', 'buffered', 'fsync'],
  replicated: ['volatile', 'buffered', 'fsync', 'replicated'],
};

function checkDurability(subject: string, { store, id, durability = 'volatile', every }: CheckpointOptions): void {
  const problem = (cause: string, remedy: string): ConfigurationError => new ConfigurationError([{ subject, cause, remedy }]);
  if (!store) {
    if (durability === 'volatile' && !every) return;
    throw problem('It is to keep checkpoints, and has no store.', 'Give it one: { store }, or open a runtime with one.');
  }
  if (id === undefined) throw problem('It has a store, and no id to be found by after a restart.', 'Give it one: { id }.');
  const problems = durabilityProblems(subject, durability, store.durability);
  if (problems.length > 0) throw new ConfigurationError(problems);
}

/** What is wrong when checkpoints that are to be so durable are kept in such a store. */
export function durabilityProblems(subject: string, asked: CheckpointDurability, given: Durability): readonly Problem[] {
  if (GIVES[given].includes(asked)) return [];
  return [
    {
      subject,
      cause: `It asks for the durability "${asked}", and the store gives "${given}", which is "${GIVES[given].at(-1) ?? ''}" at most.`,
      remedy: 'Open a store that survives more (SQLite, Redis with appendfsync always), or ask for less.',
    },
  ];
}
