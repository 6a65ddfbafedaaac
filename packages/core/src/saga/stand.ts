import type { Environment } from '../base/environment.js';
import { sleep } from '../base/clock.js';
import { RefusedError, TerminalError } from '../base/errors.js';
import type { Called } from './calls.js';
import type { Operation, ProbeAnswer } from './definition.js';
import { SagaCompensatedError } from './errors.js';
import type { IntentRecord } from './records.js';
import type { StepOutcome } from './step-call.js';

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 30_000;
/** Time limit of one question to a probe. */
const PROBE_LIMIT_MS = 30_000;
/** How often a pivot in doubt is asked about, or called again with its key, before a person is needed. */
const DOUBT_ATTEMPTS = 10;
/** After this many failures of one step `step.alert` is published. */
export const ALERT_AFTER = 10;

/**
 * Whether an outcome can stand. Not the doubt about a pivot: nobody knows whether to go on or back. And once a pivot has
 * passed, nothing but success: there is no way back.
 */
export function stands({ operation }: Called, outcome: StepOutcome, pivotPassed: boolean): boolean {
  if (operation.wait || outcome.outcome === 'done') return true;
  return operation.pivot ? outcome.outcome === 'refused' : !pivotPassed;
}

/** What follows on an outcome that cannot stand: ask the outside, call again with the same key, or wait for a person. */
export function insist({ operation, failures }: Called, outcome: StepOutcome): 'probe' | 'repeat' | 'stuck' {
  const error = 'error' in outcome ? outcome.error : undefined;
  if (operation.pivot && failures >= DOUBT_ATTEMPTS) return 'stuck';
  if (operation.pivot && operation.probe) return 'probe';
  // A saga that was undone stays so: its key leads to its end.
  const final = error instanceof TerminalError || error instanceof SagaCompensatedError;
  return final || !operation.repeatable ? 'stuck' : 'repeat';
}

/** The pause before a step is called again, growing with its failures. */
export function pauseMs(failures: number, environment: Environment): number {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LAST_PAUSE_MS);
  return pause * (0.5 + environment.random.next() / 2);
}

/** One question. An error, and silence for too long, mean nothing. */
async function asked({ probe }: Operation, { args, key }: IntentRecord, { clock }: Environment): Promise<ProbeAnswer | undefined> {
  const answered = new AbortController();
  try {
    return await Promise.race([probe?.({ args, key }), sleep(clock, PROBE_LIMIT_MS, answered.signal, true).then(() => undefined)]);
  } catch {
    return undefined;
  } finally {
    answered.abort();
  }
}

/**
 * What the outside says of a call: its outcome, that it never saw it, or undefined: it cannot tell. A probe that fails, or
 * answers what is no answer, has not found out and is asked again.
 */
export async function probed(
  { operation, intent }: Called,
  environment: Environment,
  signal: AbortSignal,
): Promise<StepOutcome | 'absent' | undefined> {
  for (let failures = 1; failures <= DOUBT_ATTEMPTS && !signal.aborted; failures++) {
    const answer = await asked(operation, intent, environment);
    switch (answer?.outcome) {
      case 'done':
        return { outcome: 'done', result: answer.result, alsoUnknown: true };
      case 'refused':
        return { outcome: 'refused', error: new RefusedError(`${operation.name} did not happen, says its probe.`) };
      case 'absent':
        return 'absent';
      case 'unknown':
        return undefined;
      default:
        await sleep(environment.clock, pauseMs(failures, environment), signal, true);
    }
  }
  return undefined;
}
