import { z } from 'zod';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import type { Store } from '../base/store.js';
import { phiOptions } from './detector.js';
import type { PhiOptions } from './detector.js';
import type { Fence } from './fence.js';

/**
 * `permanent`: always started again. `transient`: only when it failed. `temporary`: never, also when the failure of another
 * child stopped it.
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** One life of a child, while it runs. */
export interface RunningChild {
  /** Settles when the child is over: fulfilled for a normal end, rejected for a failure. */
  readonly ended: Promise<unknown>;
  /** Asks it to end. `context.signal` is aborted as well. */
  stop?(): unknown;
  /** Ends it without asking. A child that has none is abandoned when it does not stop in time. */
  kill?(): unknown;
  /** Whether it is well: it is not when this answers `false` or fails. Asked as `health` says. */
  ping?(signal: AbortSignal): unknown;
  /** Whether it may be given work now: not when this answers `false` or fails. It stays alive all the same. Asked as `readiness` says. */
  ready?(signal: AbortSignal): unknown;
  /** Of a group that is too large, an idle member is stopped first. */
  busy?(): boolean;
}

/** What a child is told when it is started. */
export interface ChildContext {
  readonly supervisor: string;
  readonly id: string;
  /** 1 for its first life. */
  readonly generation: number;
  /** Aborted when it is to end; also while it is still starting. */
  readonly signal: AbortSignal;
  readonly environment: Environment;
  readonly store?: Store;
  /** Refuses what earlier lives of this child write. There when the supervisor has a store. */
  readonly fence?: Fence;
  /** Says that this life has failed, from wherever that is noticed. */
  fail(error: unknown): void;
  /** A sign of life, for the phi detector. */
  beat(): void;
}

export interface HealthOptions {
  /** Pause between two checks, in milliseconds. Default: 10000. */
  readonly periodMs?: number;
  /** A check that has not answered after so many milliseconds is lost. Default: 1000. */
  readonly timeoutMs?: number;
  /** Lost checks in a row that make it dead; fewer are suspicions. Default: 3. */
  readonly failureThreshold?: number;
  /** Asks the child itself. Default: its `ping`. Never let it depend on another service: restarting would not mend that. */
  readonly check?: (running: RunningChild, signal: AbortSignal) => unknown;
  /** Other ways to the child, all asked when the direct one is lost: one answer is enough (SWIM's indirect probes). */
  readonly indirect?: readonly ((signal: AbortSignal) => unknown)[];
}

export interface ReadinessOptions {
  /** Pause between two checks, in milliseconds; the first one is made at once. Default: 10000. */
  readonly periodMs?: number;
  /** A check that has not answered after so many milliseconds is lost. Default: 1000. */
  readonly timeoutMs?: number;
  /** Lost checks in a row after which it is not ready any more. Default: 3. */
  readonly failureThreshold?: number;
  /** Checks in a row that pass, after which it is ready. Default: 1. */
  readonly successThreshold?: number;
  /** Default: its `ready`. Unlike its health it may depend on others, an open circuit breaker for one. */
  readonly check?: (running: RunningChild, signal: AbortSignal) => unknown;
}

export interface ChildSpec {
  /** Unique within its supervisor; letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** Begins a life. The next child is started when this answers. */
  readonly start: (context: ChildContext) => RunningChild | Promise<RunningChild>;
  /** Default: `permanent`. */
  readonly restart?: RestartType;
  /** How long it may take to stop, in milliseconds; then it is killed. 0: killed at once. `Infinity` is allowed. Default: 5000. */
  readonly shutdownMs?: number;
  /** How long it may take to be ready, in milliseconds. Default: `Infinity`. */
  readonly startMs?: number;
  /** Makes it a group of so many equal children, `id.1`, `id.2`, …; `scale` changes the number. Default: one child, called `id`. */
  readonly count?: number;
  /** Default: asked by the defaults when it has a `ping`. `false`: never. */
  readonly health?: HealthOptions | false;
  /** Default: asked by the defaults when it has a `ready`. `false`: never, and it is ready as long as it runs. */
  readonly readiness?: ReadinessOptions | false;
  /** Takes it for dead when its `context.beat()` stays away. Default: no such detector. */
  readonly heartbeat?: PhiOptions;
}

const ms = z.number().positive();
const healthOptions = z.strictObject({
  periodMs: ms.optional(),
  timeoutMs: ms.optional(),
  failureThreshold: z.number().int().min(1).optional(),
  check: z.function().optional(),
  indirect: z.array(z.function()).optional(),
});
const readinessOptions = z.strictObject({
  periodMs: ms.optional(),
  timeoutMs: ms.optional(),
  failureThreshold: z.number().int().min(1).optional(),
  successThreshold: z.number().int().min(1).optional(),
  check: z.function().optional(),
});
const childSpec = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,100}$/, 'Must be 1 to 100 letters, digits, ".", "_" or "-"'),
  start: z.function(),
  restart: z.enum(['permanent', 'transient', 'temporary']).optional(),
  shutdownMs: z.number().min(0).or(z.literal(Infinity)).optional(),
  startMs: ms.or(z.literal(Infinity)).optional(),
  count: z.number().int().min(0).optional(),
  health: healthOptions.or(z.literal(false)).optional(),
  readiness: readinessOptions.or(z.literal(false)).optional(),
  heartbeat: phiOptions.optional(),
});

/** @throws ConfigurationError with one problem for each option that does not fit, or when two children share an id. */
export function checkChildren(supervisor: string, children: readonly ChildSpec[]): void {
  const seen = new Set<string>();
  for (const [i, child] of children.entries()) {
    checkOptions(`${supervisor}, child ${child?.id ?? i}`, childSpec, child);
    if (seen.has(child.id)) {
      throw new ConfigurationError([
        { subject: supervisor, cause: `Two of its children are called "${child.id}".`, remedy: 'Give each child an id of its own.' },
      ]);
    }
    seen.add(child.id);
  }
}
