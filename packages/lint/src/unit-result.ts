import type { SagaCoverage, StepCounts } from './counts.js';
import type { Finding } from './findings.js';

/** What was found in one file that imports us. */
export interface UnitResult {
  readonly findings: readonly Finding[];
  readonly steps: StepCounts;
  readonly sagas: readonly SagaCoverage[];
}
