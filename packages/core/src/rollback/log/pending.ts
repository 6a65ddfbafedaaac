import type { Environment } from '../../base/environment.js';
import type { Data } from '../../base/store.js';
import { Batch } from './batch.js';
import type { Made } from './outbox.js';
import { decode } from './records.js';
import type { Determinant } from './records.js';
import type { Found } from './replayer.js';
import type { LoggedMessage } from './types.js';

/** Where what was given up goes. */
export const DEAD_LETTERS = 'dead-letters';

/** A message that waits for its handler, or is with it. */
export class Pending {
  readonly done: Promise<unknown>;
  resolve!: (value: unknown) => void;
  reject!: (error: unknown) => void;
  taken: readonly Determinant[] = [];
  failures = 0;
  crashes = 0;

  constructor(
    readonly position: number,
    readonly data: Data,
    readonly batch: Batch,
  ) {
    this.done = new Promise<unknown>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever has its receipt is told; nobody has to wait for it.
    this.done.catch(() => {});
  }

  /** One that an earlier process has logged and not handled. */
  static found({ position, data, index, taken, failures, crashes }: Found): Pending {
    const batch = new Batch();
    batch.index = index;
    batch.settle();
    return Object.assign(new Pending(position, data, batch), { taken, failures, crashes });
  }
}

/** The message as its handler sees it: as it was written, at the first time and in each replay. */
export function logged({ codec }: Environment, data: Data): LoggedMessage {
  const [, , from, sequence, type, body] = decode(codec, data) as readonly [string, number, string, number, string, unknown];
  return { from: from === '' ? undefined : from, sequence: sequence === 0 ? undefined : sequence, type, body };
}

export function deadLetter(environment: Environment, process: string, position: number, data: Data, why: string): Made {
  const { from, sequence, type, body } = logged(environment, data);
  return { sink: DEAD_LETTERS, key: `${process}/${position}/dead`, body: { position, from, sequence, type, body, why } };
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
