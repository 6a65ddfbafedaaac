import type { Call } from '../base/interceptor.js';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import { currentScope } from '../base/scope.js';

/** What a body may ask its call for. */
export interface Running {
  readonly signal: AbortSignal | undefined;
  /** Told when the body begins: from now on nobody knows what it has done until it has ended. */
  begin?(): void;
}

/** The body of a call. It is given what it runs for, for those who hand it on. */
export type Body = (running: Running) => Promise<unknown>;

/** All policies of a method or function in one. */
export type Chain = (call: Call, body: Body) => Promise<unknown>;

// What the code that runs in this very turn belongs to: no AsyncLocalStorage, whose price every promise would pay.
let running: Running | undefined;
let owned = false;

/** Whether this turn belongs to a call that repeats its body. */
export const isOwned = (): boolean => owned;

/** Begins a body. `owns`: failures within it are repeated by the call around it. */
export function begin(call: Running, body: Body, owns: boolean): Promise<unknown> {
  const outer = running;
  const wasOwned = owned;
  running = call;
  owned = owns;
  try {
    call.begin?.();
    return body(call);
  } finally {
    running = outer;
    owned = wasOwned;
  }
}

let quiet: AbortSignal | undefined;

/**
 * The signal of the guarded call that is running: aborted when its caller gives up or its time is over. Made when it is
 * asked for. To be asked for before the first `await` of the body, for later it is not known whose turn it is.
 * @throws ConfigurationError `CONFIG_NO_CALL` elsewhere.
 */
export function currentSignal(): AbortSignal {
  const signal = running ? running.signal : currentScope()?.step?.signal;
  if (signal) return signal;
  if (running) return (quiet ??= new AbortController().signal);
  throw new ConfigurationError(
    [
      {
        subject: 'currentSignal()',
        cause: 'It was called outside of a guarded call, or behind the first "await" of its body.',
        remedy: 'Ask for it in the first line of the body, and keep it.',
      },
    ],
    { code: 'CONFIG_NO_CALL' },
  );
}

/** The one record of a guarded call. */
export class PlainCall implements Call {
  attempt = 1;
  told: Promise<unknown> | undefined = undefined;
  constructor(
    readonly operation: string,
    readonly args: readonly unknown[],
    readonly signal: AbortSignal | undefined,
    readonly environment: Environment | undefined,
    /** The object whose method it is. */
    readonly self?: unknown,
  ) {}
}

/** The call that was made, whatever was made of it on the way. */
export const rootOf = (call: Call): Call => (call instanceof PartCall ? call.root : call);

/** The arguments of further attempts. Whoever makes the call takes them from it at each one. */
export function setArgs(call: Call, args: readonly unknown[]): void {
  (rootOf(call) as { args: readonly unknown[] }).args = args;
}

/** Whether nobody wants the call any more. A part of a call is asked without making a signal. */
export const isAborted = (call: Call): boolean => (call instanceof PartCall ? call.isAborted : call.signal?.aborted === true);

export const abortReason = (call: Call): unknown => (call instanceof PartCall ? call.reason : call.signal?.reason);

/** Calls `fn` when nobody wants the call any more; answers a function that ends it. */
export function onAbort(call: Call, fn: () => void): () => void {
  if (call instanceof PartCall) return call.onAbort(fn);
  const { signal } = call;
  if (!signal) return nothing;
  signal.addEventListener('abort', fn, { once: true });
  return () => signal.removeEventListener('abort', fn);
}

const nothing = (): void => undefined;

/** A part of a call that can be given up by itself: one attempt, one copy, or everything within a deadline. */
export class PartCall implements Call, Running {
  readonly root: Call;
  /** Its body was begun. */
  begun = false;
  private controller: AbortController | undefined;
  private ended: { readonly reason: unknown } | undefined;
  private hooks: Set<() => void> | undefined;
  private unlink: (() => void) | undefined;

  constructor(readonly parent: Call) {
    this.root = rootOf(parent);
  }

  get operation(): string {
    return this.root.operation;
  }
  get args(): readonly unknown[] {
    return this.root.args;
  }
  get direction(): 'forward' | 'undo' {
    return this.root.direction ?? 'forward';
  }
  get attempt(): number {
    return this.root.attempt;
  }
  set attempt(attempt: number) {
    this.root.attempt = attempt;
  }
  get repeatable(): boolean {
    return this.root.repeatable ?? true;
  }
  get environment(): Environment | undefined {
    return this.root.environment;
  }
  mayGoOn(): boolean {
    return this.root.mayGoOn?.() ?? true;
  }
  onAttemptFailed(error: unknown): void {
    this.root.onAttemptFailed?.(error);
  }

  begin(): void {
    this.begun = true;
    if (this.parent instanceof PartCall) this.parent.begin();
  }

  get isAborted(): boolean {
    return this.ended !== undefined || isAborted(this.parent);
  }

  get reason(): unknown {
    return this.ended ? this.ended.reason : abortReason(this.parent);
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.isAborted) this.controller.abort(this.reason);
      else this.link();
    }
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    if (this.ended) return;
    this.ended = { reason };
    this.controller?.abort(reason);
    for (const hook of this.hooks ?? []) hook();
    this.close();
  }

  onAbort(fn: () => void): () => void {
    this.link();
    (this.hooks ??= new Set()).add(fn);
    return () => void this.hooks?.delete(fn);
  }

  private link(): void {
    this.unlink ??= onAbort(this.parent, () => this.abort(abortReason(this.parent)));
  }

  /** Leaves nothing behind at a signal that lives longer. Its own signal is not aborted by that. */
  close(): void {
    this.unlink?.();
    this.unlink = undefined;
    this.hooks = undefined;
  }
}
