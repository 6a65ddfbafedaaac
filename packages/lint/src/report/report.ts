import type { SagaCoverage, StepCounts } from '../counts.js';
import type { Finding } from '../findings.js';

/** What a reporter is given. */
export interface Report {
  /** The folder from which paths are shown. */
  readonly root: string;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly { readonly finding: Finding; readonly reason: string }[];
  readonly steps: StepCounts;
  readonly sagas: readonly SagaCoverage[];
  readonly files: number;
  readonly elapsedMs: number;
  readonly baseline: { readonly file: string; readonly known: number; readonly gone: number } | undefined;
}

export interface Look {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Turns what was found into text. */
export type Reporter = (report: Report, look: Look) => string;

export function countOf(findings: readonly Finding[], level: Finding['level']): number {
  return findings.filter((one) => one.level === level).length;
}

export function some(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
