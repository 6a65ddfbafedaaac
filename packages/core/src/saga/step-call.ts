import type { Environment } from '../base/environment.js';
import { RefusedError } from '../base/errors.js';
import { matches, neverExecuted } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { runInScope } from '../base/scope.js';
import type { StepScope } from '../base/scope.js';
import type { Operation } from './definition.js';
import type { IntentRecord } from './records.js';

/** What wraps every call: see `chain`. */
export type Around = (call: Call, body: () => Promise<unknown>) => Promise<unknown>;

export type Invoke = (args: readonly unknown[], call: Call) => Promise<unknown>;

/** What a step's call came to: see "Outcomes of a step" in docs/sagas.md. */
export type StepOutcome =
  | { readonly outcome: 'done'; readonly result: unknown; readonly alsoUnknown: boolean; readonly signal?: string }
  | { readonly outcome: 'refused'; readonly error: unknown }
  | { readonly outcome: 'unknown'; readonly error: unknown };

const NONE: readonly unknown[] = [];
const always = (): boolean => true;

/** One execution of a step's body with its policies: the call that the policies see, and the scope that the body sees. */
export class StepCall implements Call, StepScope {
  readonly operation: string;
  readonly args: readonly unknown[];
  readonly key: string;
  attempt = 1;
  private controller: AbortController | undefined;
  private aborted: { readonly reason: unknown } | undefined;

  constructor(
    private readonly definition: Operation,
    intent: IntentRecord,
    readonly saga: string,
    readonly id: string,
    readonly environment: Environment,
    /** An attempt was made before whose outcome nobody learned. */
    private sawUnknown: boolean,
  ) {
    this.operation = definition.name;
    this.args = intent.args;
    this.key = intent.key;
  }

  get repeatable(): boolean {
    return this.definition.repeatable;
  }

  /** It may have run before, and must not run twice. */
  get mustNotRepeat(): boolean {
    return this.sawUnknown && !this.definition.repeatable;
  }

  // A signal costs more than the whole call: it is made when somebody asks for it.
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted.reason);
    }
    return this.controller.signal;
  }

  /** Asks the body to stop. */
  abort(reason: unknown): void {
    this.aborted ??= { reason };
    this.controller?.abort(reason);
  }

  /** Set by whoever owns the run: whether it surely still does. */
  mayGoOn: () => boolean = always;

  /** Set by whoever owns the run: keeps what the body notes. */
  keep: ((value: unknown) => Promise<void>) | undefined;
  notes: readonly unknown[] = NONE;

  note(value: unknown): Promise<void> {
    return this.keep?.(value) ?? Promise.resolve();
  }

  onAttemptFailed(error: unknown): void {
    this.sawUnknown ||= this.judge(error) === 'unknown';
  }

  /** Runs the body and tells its outcome, once; never throws. */
  execute(pass: object, invoke: Invoke, settle: (outcome: StepOutcome) => void, around?: Around): void {
    const failed = (error: unknown): void => {
      const settled = this.judge(error) !== 'unknown' && !this.sawUnknown;
      settle({ outcome: settled ? 'refused' : 'unknown', error });
    };
    const run = (): Promise<unknown> => invoke(this.args, this);
    let running: Promise<unknown>;
    try {
      running = Promise.resolve(runInScope({ pass, step: this }, () => (around ? around(this, run) : run())));
    } catch (error) {
      return failed(error);
    }
    running.then((result) => settle({ outcome: 'done', result, alsoUnknown: this.sawUnknown }), failed);
  }

  private judge(error: unknown): 'refused' | 'notExecuted' | 'unknown' {
    if (error instanceof RefusedError || matches(error, this.definition.refusedOn)) return 'refused';
    return neverExecuted(error, this) ? 'notExecuted' : 'unknown';
  }
}
