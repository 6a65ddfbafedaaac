export interface ChildView {
  readonly id: string;
  readonly state: 'starting' | 'running' | 'stopping' | 'waiting' | 'ended';
  /** It runs, and may be given work: see `readiness`. */
  readonly ready: boolean;
  /** How often it has been started. */
  readonly generation: number;
}

/** Keeps children alive, by the rules of Erlang/OTP's `supervisor`. */
export interface Supervisor extends AsyncDisposable {
  readonly name: string;
  /**
   * Settles when it is over: fulfilled once it was stopped, rejected with a `RestartLimitError` when it has given up and
   * stopped its children. Handle it: who does not lets the process end with that error, the way a failure escalates
   * past the last supervisor.
   */
  readonly ended: Promise<void>;
  /** Starts all children in order. @throws what a child's start threw; those that were started are stopped again. */
  start(): Promise<void>;
  /** Stops all children, in reverse order. `kill`: without asking them. */
  stop(options?: { readonly kill?: boolean }): Promise<void>;
  /** The desired number of members of a group. Answers when it is reached, or the supervisor is over. */
  scale(id: string, count: number): Promise<void>;
  /** The children as they stand, in the order of their start. */
  children(): readonly ChildView[];
}
