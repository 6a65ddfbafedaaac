import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import { Detector } from './detector.js';
import type { Acceptance, DetectPolicy } from './detector.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

/** Looks at an answer, which is followed by the arguments of the call. True: it is good. A sentence or an error says why not. */
export type Check<R = never> = (result: R, ...args: never[]) => Acceptance | PromiseLike<Acceptance>;

/** Whether an answer is to be believed (Horning and others 1974: the acceptance test of a recovery block). */
export interface DetectOptions<R = never> {
  readonly check: Check<R>;
  /** A name for the fault, by which `on`, `retryOn`, `failOn` and others know it. Default: `BadResultError`. */
  readonly kind?: string;
  /** How long a check may take that answers a promise; 0: as long as it likes. Default: 1 s. */
  readonly timeout?: Duration;
  /** What an answer is whose check threw or took too long: bad, or good. Default: `fail`, bad. */
  readonly onDetectorError?: 'fail' | 'pass';
}

const schema = z.strictObject({
  check: z.function(),
  kind: z.string().min(1).optional(),
  timeout: z.union([z.number(), z.string()]).optional(),
  onDetectorError: z.enum(['fail', 'pass']).optional(),
});

/**
 * Looks at each answer, and makes an error of one that is not good: a breaker counts it, and it can be repeated, repaired
 * or answered for as any other. It stands next to the body, within the time-out and the bulkhead.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `BadResultError`.
 */
export function detect<R = never>(given: DetectOptions<R> | Check<R>, environment?: Environment, subject = 'detect'): Policy<'detect'> {
  const options: DetectOptions<R> = typeof given === 'function' ? { check: given } : given;
  checkOptions(subject, schema, options);
  const policy: DetectPolicy = {
    check: options.check as DetectPolicy['check'],
    kind: options.kind,
    timeoutMs: durationMs(options.timeout ?? 1000, `${subject}, timeout`),
    onDetectorError: options.onDetectorError ?? 'fail',
  };
  return policyOf('detect', new Detector(policy), environment);
}
