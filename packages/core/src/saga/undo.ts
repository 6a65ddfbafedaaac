/** What a compensation knows in any case. */
interface UndoFacts<A extends readonly unknown[]> {
  /** The operation's arguments, as they were when it was called. */
  readonly args: A;
  /** This undo's own business key: constant over retries and crashes, never equal to `forwardKey`. */
  readonly key: string;
  /** The key that the operation sent to the outside. */
  readonly forwardKey: string;
  /** Why the run goes backward: its first failure. */
  readonly cause: unknown;
  /** Attempt of this undo, from 1; counted anew after a crash. */
  readonly attempt: number;
  /** Aborted at this undo's own time-out only: neither a cancel nor a shutdown aborts an undo. */
  readonly signal: AbortSignal;
  /** An attempt whose outcome nobody learned was made besides: its effect may exist too, or still land. */
  readonly alsoUnknown: boolean;
  /** What the operation's body noted: evidence of how far it came, also when its outcome is unknown. */
  readonly notes: readonly unknown[];
  /** The second look after `lateEffectMs`, for an effect that landed after the first undo. */
  readonly late: boolean;
}

/** The one argument of a compensation, for an operation with arguments `A` and result `R`. */
export type UndoOf<A extends readonly unknown[], R> = UndoFacts<A> &
  (
    | { readonly outcome: 'done'; readonly result: R }
    /** A time-out, a crash, a lost answer: the effect may be there or not, and there is no result. */
    | { readonly outcome: 'unknown'; readonly result?: undefined }
  );

/** `Undo<Payments, 'charge'>`: what the compensation of `Payments.charge` receives. */
export type Undo<S, K extends keyof S> = S[K] extends (...args: infer A) => infer R ? UndoOf<A, Awaited<R>> : never;

/** An undo whose types the compiler does not know. */
export type AnyUndo = UndoOf<readonly unknown[], unknown>;
