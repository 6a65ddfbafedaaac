import { expect } from 'vitest';
import type { SagaView } from './saga-view.js';

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

function judged(run: SagaView, pass: boolean, what: string): Verdict {
  return { pass, message: () => `Expected the run ${pass ? 'not ' : ''}to ${what}. ${String(run)}.` };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}

function same(actual: readonly string[], expected: readonly string[]): boolean {
  return actual.length === expected.length && actual.every((one, i) => one === expected[i]);
}

const matchers = {
  toBeRunning: (run: SagaView) => judged(run, run.status === 'running' || run.status === 'compensating', 'be unfinished'),
  toBeCompleted: (run: SagaView) => judged(run, run.status === 'completed', 'be completed'),
  toBeCompensated: (run: SagaView) => judged(run, run.status === 'compensated', 'be compensated'),
  toBeStuck: (run: SagaView, step?: string) =>
    judged(run, run.status === 'stuck' && (step ?? run.stuckAt) === run.stuckAt, `be stuck${step === undefined ? '' : ` at ${step}`}`),
  toHaveRun: (run: SagaView, steps: readonly string[]) => judged(run, same(run.ran, steps), `have done, in this order: ${listed(steps)}`),
  toHaveUndone: (run: SagaView, steps: readonly string[]) =>
    judged(run, same(run.undone, steps), `have undone, in this order: ${listed(steps)}`),
};

let installed: unknown;

/** Gives them to vitest's `expect`, once. */
export function installMatchers(): void {
  if (installed === expect) return;
  installed = expect;
  expect.extend(matchers);
}

/** What can be expected of `t.saga(id)`. */
export interface SagaMatchers<R> {
  /** It has not ended: it goes forward or backward, or waits. */
  toBeRunning(): R;
  toBeCompleted(): R;
  /** It failed, and everything that it may have done was undone. */
  toBeCompensated(): R;
  /** It waits for a person, at this step. */
  toBeStuck(step?: string): R;
  /** Just these steps are done, in the order of their starts. */
  toHaveRun(steps: readonly string[]): R;
  /** Just these steps were undone, in this order. They go by the names of the steps. */
  toHaveUndone(steps: readonly string[]): R;
}

declare module 'vitest' {
  interface Matchers<T> extends SagaMatchers<T> {}
}
