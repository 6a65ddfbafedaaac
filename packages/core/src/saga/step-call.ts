import type { Environment } from '../base/environment.js';
import { classify, matches } from '../base/failure.js';
import { RefusedError } from '../base/errors.js';
import type { Call } from '../base/interceptor.js';
import { runInScope } from '../base/scope.js';
import type { StepScope } from '../base/scope.js';
import type { Operation } from './definition.js';
import type { IntentRecord } from './records.js';

export type Invoke = (args: readonly unknown[], call: Call) => Promise<unknown>;

/** What a step's call came to: see "Outcomes of a step" in docs/sagas.md. */
export type StepOutcome =
  | { readonly outcome: 'done'; readonly result: unknown; readonly alsoUnknown: boolean }
  | { readonly outcome: 'refused'; readonly error: unknown }
  | { readonly outcome: 'unknown'; readonly error: unknown };

/** One execution of a step's body with its policies. */
export class StepCall {
  private controller: AbortController | undefined;
  private aborted: { readonly reason: unknown } | undefined;
  private sawUnknown: boolean;

  constructor(
    readonly operation: Operation,
    readonly intent: IntentRecord,
    private readonly run: { readonly saga: string; readonly id: string },
    /** An attempt was made before whose outcome nobody learned. */
    unknownBefore: boolean,
  ) {
    this.sawUnknown = unknownBefore;
  }

  /** It may have run before, and must not run twice. */
  get mustNotRepeat(): boolean {
    return this.sawUnknown && !this.operation.repeatable;
  }

  /** Runs the body; never rejects. */
  async execute(pass: object, invoke: Invoke, environment: Environment): Promise<StepOutcome> {
    const { operation, intent } = this;
    const read = this.signal.bind(this);
    const call: Call = {
      operation: operation.name,
      args: intent.args,
      get signal() {
        return read();
      },
      attempt: 1,
      onAttemptFailed: (error) => void (this.sawUnknown ||= this.judge(error) === 'unknown'),
      repeatable: operation.repeatable,
      environment,
    };
    const scope: StepScope = {
      operation: operation.name,
      key: intent.key,
      get signal() {
        return read();
      },
      get attempt() {
        return call.attempt;
      },
      saga: this.run.saga,
      id: this.run.id,
    };
    try {
      const result = await runInScope({ pass, step: scope }, () => invoke(intent.args, call));
      return { outcome: 'done', result, alsoUnknown: this.sawUnknown };
    } catch (error) {
      const settled = this.judge(error) !== 'unknown' && !this.sawUnknown;
      return { outcome: settled ? 'refused' : 'unknown', error };
    }
  }

  /** Asks the body to stop. */
  abort(reason: unknown): void {
    this.aborted ??= { reason };
    this.controller?.abort(reason);
  }

  // A signal costs more than the whole call: it is made when somebody asks for it.
  private signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted.reason);
    }
    return this.controller.signal;
  }

  private judge(error: unknown): 'refused' | 'notExecuted' | 'unknown' {
    if (error instanceof RefusedError || matches(error, this.operation.refusedOn)) return 'refused';
    return classify(error) === 'notExecuted' ? 'notExecuted' : 'unknown';
  }
}
