import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { checkOptions } from '../base/options.js';
import type { Random } from '../base/random.js';
import type { Store } from '../base/store.js';
import { checkChildren } from './child.js';
import type { ChildSpec } from './child.js';
import type { Strategy } from './strategy.js';

/** A pause before a restart that grows with each failure; all in milliseconds. */
export interface BackoffOptions {
  /** Before the first restart. Default: 100. */
  readonly minMs?: number;
  /** Default: 30000. */
  readonly maxMs?: number;
  /** This share of the pause is added at most, by chance, so that many do not come back at once. Default: 0.2. */
  readonly jitter?: number;
  /** A life of at least this length is a new beginning. Default: `maxMs`. */
  readonly resetMs?: number;
}

export interface SupervisorOptions {
  /** Names it in events, errors and the store. */
  readonly name: string;
  /** In the order of their start; they are stopped in reverse. */
  readonly children: readonly ChildSpec[];
  /** Whom the failure of one child concerns. Default: `one-for-one`. */
  readonly strategy?: Strategy;
  /** More restarts than this within `periodMs`, and it gives up. Default: 1. */
  readonly intensity?: number;
  /** Default: 5000 ms. */
  readonly periodMs?: number;
  /**
   * Default: none, as in OTP. Pauses that are longer than `periodMs` / `intensity` are never too many restarts: it then
   * goes on for ever.
   */
  readonly backoff?: BackoffOptions;
  /** Clock, chance and events. */
  readonly environment?: Partial<Environment>;
  /** Where each life of a child takes its fencing token. Default: none, and no fencing. */
  readonly store?: Store;
}

const ms = z.number().min(0);
const schema = z.strictObject({
  name: z.string().regex(/^[\w./-]{1,200}$/, 'Must be 1 to 200 letters, digits, ".", "_", "-" or "/"'),
  children: z.array(z.unknown()),
  strategy: z.enum(['one-for-one', 'one-for-all', 'rest-for-one']).optional(),
  intensity: z.number().int().min(0).optional(),
  periodMs: z.number().positive().optional(),
  backoff: z.strictObject({ minMs: ms.optional(), maxMs: ms.optional(), jitter: ms.optional(), resetMs: ms.optional() }).optional(),
  environment: z.unknown().optional(),
  store: z.unknown().optional(),
});

/** @throws ConfigurationError with one problem for each option that does not fit. */
export function checkSupervisor(options: SupervisorOptions): void {
  checkOptions(`supervisor ${String(options?.name)}`, schema, options);
  checkChildren(options.name, options.children);
}

/** The pause before a restart after so many failures in a row; the shape is Akka's `BackoffSupervisor`. */
export function backoffMs(options: BackoffOptions | undefined, failures: number, random: Random): number {
  if (!options) return 0;
  const { minMs = 100, maxMs = 30_000, jitter = 0.2 } = options;
  return Math.min(maxMs, minMs * 2 ** Math.min(failures, 60)) * (1 + jitter * random.next());
}
