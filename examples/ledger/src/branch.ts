import { startChild } from '@redress/example-shared';
import type { Child } from '@redress/example-shared';
import type { Job, Order, Told } from './teller.js';

type Act<T> = T extends { readonly n: number } ? Omit<T, 'n'> : never;

/** One account process, seen from the parent. */
export class Branch {
  readonly #child: Child;
  readonly #asked = new Map<number, (told: Told) => void>();
  #n = 0;
  #isKilled = false;

  private constructor(job: Job, ready: (told: Told) => void) {
    this.#asked.set(0, ready);
    this.#child = startChild<Told>(new URL('./teller.js', import.meta.url), job, (told) => this.#asked.get(told.n)?.(told));
  }

  /** Resolves when the account stands on the recovery line. @throws what the process failed of */
  static async start(job: Job): Promise<Branch> {
    let begun: ((told: Told) => void) | undefined;
    const ready = new Promise<Told>((resolve) => (begun = resolve));
    const branch = new Branch(job, (told) => begun?.(told));
    await Promise.race([ready, branch.#failure()]);
    return branch;
  }

  do(act: Act<Order>): Promise<Told> {
    const n = (this.#n += 1);
    const answer = new Promise<Told>((resolve) => this.#asked.set(n, resolve));
    this.#child.tell({ ...act, n });
    return Promise.race([answer, this.#failure()]);
  }

  /** kill -9 */
  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill();
    await this.#child.exit;
  }

  async end(): Promise<void> {
    if (!this.#isKilled) await this.do({ act: 'end' });
    await this.#child.exit;
  }

  async #failure(): Promise<never> {
    const { failure } = await this.#child.exit;
    throw failure ?? new Error('an account process ended before it had answered');
  }
}
