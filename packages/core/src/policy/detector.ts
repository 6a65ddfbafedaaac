import type { Environment } from '../base/environment.js';
import { messageOf } from '../base/errors.js';
import type { Call } from '../base/interceptor.js';
import type { Body } from './call.js';
import { deadlinesOf, Expiry } from './deadlines.js';
import { BadResultError } from './errors.js';

/** True: the answer is good. Everything else says that it is not; a sentence or an error says why. */
export type Acceptance = boolean | string | Error;

/** The options of `detect`, checked and filled in. */
export interface DetectPolicy {
  readonly check: (...given: never[]) => Acceptance | PromiseLike<Acceptance>;
  readonly kind: string | undefined;
  /** 0: as long as it likes. */
  readonly timeoutMs: number;
  readonly onDetectorError: 'fail' | 'pass';
}

/** Looks at answers. */
export class Detector {
  constructor(private readonly policy: DetectPolicy) {}

  /** The body and a look at its answer, as one: what is not accepted is an error for everything around it. */
  around(call: Call, body: Body, environmentOf: (call: Call) => Environment): Body {
    return async (running) => this.accept(call, await body(running), environmentOf(call));
  }

  /** Answers the value itself. @throws BadResultError */
  async accept(call: Call, value: unknown, environment: Environment): Promise<unknown> {
    const { kind, onDetectorError } = this.policy;
    const { operation } = call;
    let found: Acceptance;
    try {
      found = await this.ask(call, value, environment);
    } catch (cause) {
      const error = new BadResultError({ operation, result: value, kind, why: messageOf(cause), detectorFailed: true, cause });
      tell(environment, 'detect.failed', error);
      if (onDetectorError === 'pass') return value;
      throw error;
    }
    if (found === true) return value;
    const why = typeof found === 'string' || found instanceof Error ? messageOf(found) : undefined;
    const error = new BadResultError({ operation, result: value, kind, why, ...(found instanceof Error && { cause: found }) });
    tell(environment, 'detect.rejected', error);
    throw error;
  }

  private ask(call: Call, value: unknown, { clock }: Environment): Acceptance | Promise<Acceptance> {
    const { check, timeoutMs } = this.policy;
    const answer = (check as (...given: readonly unknown[]) => unknown)(value, ...call.args);
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return answer as Acceptance;
    if (timeoutMs === 0) return answer as Promise<Acceptance>;
    return new Promise((resolve, reject) => {
      const expiry = new Expiry(clock.monotonic() + timeoutMs, () => reject(new Error(`It took longer than ${timeoutMs} ms.`)));
      const deadlines = deadlinesOf(clock);
      deadlines.add(expiry, timeoutMs);
      Promise.resolve(answer as Promise<Acceptance>)
        .finally(() => deadlines.remove(expiry))
        .then(resolve, reject);
    });
  }
}

function tell({ events, clock }: Environment, name: string, error: BadResultError): void {
  if (events.listening) events.publish({ name, at: clock.now(), error, details: error.details });
}
