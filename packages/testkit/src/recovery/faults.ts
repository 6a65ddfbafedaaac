import type { Call } from '@redress/core';

export interface FaultOptions {
  /** How often it happens. Default: once. */
  readonly times?: number;
  /** Only in the run with this id. Default: in all. */
  readonly id?: string;
  /** Only at this call of the step in its run, from 1. Default: at any. */
  readonly call?: number;
}

/** Something that will go wrong. */
export interface Fault {
  readonly description: string;
  /** How often it has happened. */
  readonly fired: number;
  /** It happens no more. */
  lift(): void;
}

/** What happens instead of the call, which is `next`. */
export type Act = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;

export class ArmedFault implements Fault {
  fired = 0;
  isLifted = false;
  private left: number;

  constructor(
    readonly description: string,
    private readonly places: readonly string[],
    readonly act: Act,
    private readonly options: FaultOptions = {},
  ) {
    this.left = options.times ?? 1;
  }

  lift(): void {
    this.left = 0;
    this.isLifted = true;
  }

  /** Whether it happens to this call; it has happened then. */
  takes(place: string, { id, key }: { readonly id: string; readonly key: string }): boolean {
    const { id: onlyId = id, call } = this.options;
    if (this.left <= 0 || !this.places.includes(place) || onlyId !== id) return false;
    if (call !== undefined && call !== occurrenceOf(key)) return false;
    this.left -= 1;
    this.fired += 1;
    return true;
  }
}

/** Keys end with the operation, with `#n` from its second call on; those of undos go on with `/undo`. */
function occurrenceOf(key: string): number {
  return Number(/#(\d+)(?:\/undo(?:\/late)?)?$/.exec(key)?.[1] ?? 1);
}

/** The answer was lost on its way: whether the call had its effect is not known to the caller. */
export function lostAnswer(place: string): Error {
  return Object.assign(new Error(`${place}: the connection was reset, and the answer was lost (injected)`), { code: 'ECONNRESET' });
}

/** Never settles, until the call is told to stop. */
export function hang({ signal }: Call): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal?.reason instanceof Error ? signal.reason : new Error('The hanging call was told to stop.'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}
