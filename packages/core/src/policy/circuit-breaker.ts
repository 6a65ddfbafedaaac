import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import { CircuitBreaker } from './breaker.js';
import type { CircuitBreakerOptions } from './breaker.js';
import type { CircuitState } from './circuit.js';
import { policyOf } from './policy.js';
import type { Policy } from './policy.js';

const duration = z.union([z.number(), z.string()]);
const matchers = z.array(z.union([z.string().min(1), z.function()]));
const schema = z.strictObject({
  requestVolumeThreshold: z.number().int().min(1).optional(),
  failureRatio: z.number().min(0).max(1).optional(),
  delay: duration.optional(),
  successThreshold: z.number().int().min(1).optional(),
  window: z.enum(['count', 'time', 'consecutive']).optional(),
  samplingDuration: duration.optional(),
  failOn: matchers.optional(),
  skipOn: matchers.optional(),
  ignoreOn: matchers.optional(),
  key: z.function().optional(),
  maxKeys: z.number().int().min(1).optional(),
  halfOpenMaxDuration: duration.optional(),
  shared: z.unknown().optional(),
});

/** What the owner of a breaker may ask it for. */
export interface BreakerHandle extends AsyncDisposable {
  /** The state of the circuit, or of the one of this key. */
  state(key?: string): CircuitState;
  /** Lets no call through until what it answers is disposed of, and everything else that was isolated. */
  isolate(): { dispose(): void };
  /** Closes all circuits, or the one of this key; nothing that came before counts, and what is isolated stays so. */
  reset(key?: string): void;
  /** Told of each change; that of an open circuit to half-open at its moment, by a timer that keeps no process alive. */
  onState(listener: (state: CircuitState, key: string | undefined) => void): () => void;
  /** Leaves the other nodes of a shared breaker, and waits for what was begun. From then on it decides alone. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes no calls for a while when many of the last ones failed.
 * @throws ConfigurationError when an option does not fit. Calls are rejected with `CircuitOpenError`.
 */
export function circuitBreaker(
  options: CircuitBreakerOptions = {},
  environment?: Environment,
  subject = 'circuitBreaker',
): Policy<'circuitBreaker'> & BreakerHandle {
  checkOptions(subject, schema, options);
  const breaker = new CircuitBreaker(options, subject, environment);
  return Object.assign(policyOf('circuitBreaker', breaker, environment), {
    state: (key?: string) => breaker.state(key),
    reset: (key?: string) => breaker.reset(key),
    isolate: () => breaker.isolate(),
    onState: (listener: (state: CircuitState, key: string | undefined) => void) => breaker.onState(listener),
    [Symbol.asyncDispose]: () => breaker.stop(),
  });
}
