import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';
import { Hedge } from './race.js';
import type { HedgeOptions } from './race.js';

const duration = z.union([z.number(), z.string()]);
const schema = z.strictObject({
  delay: duration.optional(),
  initialDelay: duration.optional(),
  maxHedges: z.number().int().min(1).optional(),
  maxLoad: z.number().min(0).max(1).optional(),
  hedgeOn: z.array(z.union([z.string().min(1), z.function()])).optional(),
  onLate: z.function().optional(),
});

/**
 * Calls again when an answer is slow, and takes the first that comes. A call that must not be repeated has one copy only.
 * @throws ConfigurationError when an option does not fit.
 */
export function hedge(options: HedgeOptions = {}, environment?: Environment, subject = 'hedge'): Policy<'hedge'> {
  checkOptions(subject, schema, options);
  const { delay = 'p95' } = options;
  const delayMs = delay === 'p95' || delay === -1 ? delay : durationMs(delay, `${subject}, delay`);
  const initialMs = durationMs(options.initialDelay ?? 2000, `${subject}, initialDelay`);
  return policyOf('hedge', new Hedge(options, delayMs, initialMs), environment);
}
