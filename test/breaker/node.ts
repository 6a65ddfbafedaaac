import { circuitBreaker, createEnvironment, guard } from '@redress/core';
import type { BreakerHandle, CircuitBreakerOptions, Clock, RedressEvent, Store } from '@redress/core';

/** What all nodes call: up, or down for some of them. */
export class Dependency {
  readonly downFor = new Set<string>();
  /** Who has called it, in order. */
  readonly calls: string[] = [];
  /** Held back until it is resolved. */
  waits: Promise<unknown> | undefined;

  async call(node: string): Promise<string> {
    this.calls.push(node);
    const isUp = !this.downFor.has(node);
    await this.waits;
    if (!isUp) throw new Error('down');
    return 'up';
  }
}

/** A process with its own connection, and its own circuit breaker that is shared with the others. */
export interface Node {
  readonly name: string;
  readonly breaker: BreakerHandle;
  readonly events: RedressEvent[];
  /** What one call ends with: `up`, `down`, or the code of the error. */
  call(key?: string): Promise<string>;
  /** So many calls, one after the other. */
  calls(times: number): Promise<string[]>;
}

export interface NodeOptions {
  readonly name: string;
  readonly store: Store;
  readonly dependency: Pick<Dependency, 'call'>;
  readonly clock: Clock;
  readonly breaker?: Omit<CircuitBreakerOptions, 'key'> & { readonly key?: (key: string) => string };
  readonly shared?: { readonly quorum?: number; readonly interval?: number; readonly leaseTtl?: number };
}

export function node({ name, store, dependency, clock, breaker: more, shared }: NodeOptions): Node {
  // Half of all chances: intervals are what they are called.
  let words = 0;
  const environment = createEnvironment({ clock, random: { next: () => 0.5, word: () => `${name}-${(words += 1)}` } });
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => void events.push(event));
  const breaker = circuitBreaker(
    {
      requestVolumeThreshold: 2,
      ...more,
      shared: { store, name: 'bank', ...shared },
    },
    environment,
  );
  const guarded = guard((_key?: string) => dependency.call(name), breaker, { environment });
  const call = (key?: string): Promise<string> =>
    guarded(key).catch((error: { code?: string; message: string }) => error.code ?? error.message);
  const calls = async (times: number): Promise<string[]> => {
    const ends: string[] = [];
    for (let i = 0; i < times; i++) ends.push(await call());
    return ends;
  };
  return { name, breaker, events, call, calls };
}
