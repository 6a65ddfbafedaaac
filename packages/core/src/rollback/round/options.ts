import { z } from 'zod';
import { createEnvironment } from '../../base/environment.js';
import type { Environment } from '../../base/environment.js';
import { ConfigurationError } from '../../base/errors.js';
import { checkOptions } from '../../base/options.js';
import { checkDurability } from '../durability.js';
import type { GroupOptions } from './types.js';

const positive = z.number().positive();

const schema = z.object({
  group: z.string().min(1).max(150),
  members: z.array(z.string().min(1).max(150)).min(1),
  state: z.looseObject({ id: z.string().min(1), capture: z.function(), restore: z.function() }),
  companion: z.looseObject({ flush: z.function(), capture: z.function(), restore: z.function() }).optional(),
  requires: z.enum(['process', 'host', 'replicated']).optional(),
  everyMs: positive.optional(),
  deadlineMs: positive.optional(),
  pauseMs: positive.optional(),
  pollMs: positive.optional(),
  tolerate: z.number().int().min(0).optional(),
  onFailing: z.function().optional(),
});

export interface Settings extends GroupOptions {
  readonly environment: Environment;
  readonly deadlineMs: number;
  readonly pauseMs: number;
  readonly pollMs: number;
  readonly tolerate: number;
}

/** With the defaults filled in. @throws ConfigurationError with all that is wrong. */
export function settingsOf(options: GroupOptions): Settings {
  checkOptions('joinGroup', schema, options);
  checkDurability(`The group "${options.group}"`, options.store, options.requires);
  const { members, state, deadlineMs = 10_000 } = options;
  if (!members.includes(state.id) || new Set(members).size !== members.length) {
    const cause = `${JSON.stringify(members)} is no list of different members with "${state.id}" among them.`;
    throw new ConfigurationError([{ subject: 'joinGroup, members', cause, remedy: 'Give each member the same list of all.' }]);
  }
  const defaults = { environment: createEnvironment(), deadlineMs, pauseMs: deadlineMs / 2, pollMs: 100, tolerate: 2 };
  return { ...defaults, ...options, members: [...members].sort() };
}
