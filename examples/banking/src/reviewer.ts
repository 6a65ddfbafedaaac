import { SagaVerbError } from '@redress/core';
import type { Runtime } from '@redress/core';
import { patiently, seeded } from '@redress/example-shared';
import { SAGA } from './endings.js';
import type { Verdict } from './transfer.js';
import type { OpenCase, ReviewOffice } from './world/review-office.js';

/** The signal that a transfer waits for. */
export const REVIEW = 'review';

const APPROVED = 0.75;
const WHO = ['A. Ferrari', 'B. Okafor', 'C. Lindqvist'] as const;

/** The person in the review office, who is no part of any worker: looks at cases, decides some of them, and says so. */
export class Reviewer {
  /** Transfers that stay on the pile. */
  readonly left = new Set<string>();
  readonly #office: ReviewOffice;
  readonly #runtime: Pick<Runtime, 'signal'>;
  readonly #options: { readonly reviewRate: number; readonly seed: number };

  constructor(office: ReviewOffice, runtime: Pick<Runtime, 'signal'>, options: { readonly reviewRate: number; readonly seed: number }) {
    this.#office = office;
    this.#runtime = runtime;
    this.#options = options;
  }

  /** Goes through the pile once. */
  async work(): Promise<void> {
    for (const open of this.#office.open()) {
      if (this.left.has(open.transfer)) continue;
      const verdict = this.#decide(open);
      if (!verdict) this.left.add(open.transfer);
      else if (this.#office.decide(open.id, verdict.approved, verdict.by)) await this.#tell(open, verdict);
    }
  }

  /** Says again what was decided before, of transfers that have not ended: whoever decided may have died before he said it. */
  async remind(unfinished: ReadonlySet<string>): Promise<void> {
    for (const { approved, by, ...decided } of this.#office.decided()) {
      if (unfinished.has(decided.transfer)) await this.#tell(decided, { approved, by });
    }
  }

  async #tell({ id, transfer }: OpenCase, verdict: Verdict): Promise<void> {
    try {
      // The key makes it one signal, however often it is said.
      await patiently(() => this.#runtime.signal(SAGA, transfer, REVIEW, verdict, { key: id }));
    } catch (error) {
      // It has heard of it before, and has ended meanwhile.
      if (!(error instanceof SagaVerbError)) throw error;
    }
  }

  /** The same for the same seed and transfer, whenever it is looked at. Undefined: nobody will look at it. */
  #decide({ transfer }: OpenCase): Verdict | undefined {
    const { reviewRate, seed } = this.#options;
    const random = seeded(seed + Number(/\d+$/.exec(transfer)?.[0] ?? 0) * 7919);
    const [looked, approves, who] = [random(), random(), random()];
    if (looked * 100 >= reviewRate) return undefined;
    return { approved: approves < APPROVED, by: WHO[Math.floor(who * WHO.length)] ?? WHO[0] };
  }
}
