import { z } from 'zod';
import { createEnvironment } from '../../base/environment.js';
import { checkOptions } from '../../base/options.js';
import { checkDurability } from '../durability.js';
import type { MessageLogOptions } from './types.js';

const count = z.number().int().min(1);

const schema = z.object({
  state: z.looseObject({ id: z.string().min(1).max(400), capture: z.function(), restore: z.function() }),
  handle: z.function(),
  sinks: z
    .record(z.string().min(1), z.looseObject({ kind: z.enum(['transactional', 'idempotent', 'plain']), deliver: z.function() }))
    .optional(),
  requires: z.enum(['process', 'host', 'replicated']).optional(),
  checkpointEvery: count.optional(),
  keep: count.optional(),
  attempts: count.optional(),
  crashes: count.optional(),
  atomic: z.boolean().optional(),
  maxUnconfirmed: count.optional(),
  maxPending: count.optional(),
  redeliverMs: z.number().min(0).optional(),
  inactivityMs: z.number().positive().optional(),
  onRegression: z.enum(['repair', 'stop']).optional(),
  replayMode: z.enum(['repair', 'fail', 'warn', 'off']).optional(),
});

export type Settings = Required<Omit<MessageLogOptions, 'requires'>>;

/** With the defaults filled in. @throws ConfigurationError with all that is wrong. */
export function settingsOf(options: MessageLogOptions): Settings {
  checkOptions('openMessageLog', schema, options);
  checkDurability(`The log of "${options.state.id}"`, options.store, options.requires);
  return {
    sinks: {},
    environment: createEnvironment(),
    checkpointEvery: 10_000,
    keep: 2,
    attempts: 3,
    crashes: 10,
    atomic: false,
    maxUnconfirmed: 100_000,
    maxPending: 10_000,
    redeliverMs: 5_000,
    inactivityMs: 30_000,
    onRegression: 'repair',
    replayMode: 'fail',
    ...options,
  };
}
