/** Restarts of the last while. A sliding window with both of its ends, as OTP's `supervisor:add_restart/3` counts. */
export class RestartWindow {
  #moments: number[] = [];

  /** More than `intensity` restarts within `periodMs` are too many. */
  constructor(
    readonly intensity: number,
    readonly periodMs: number,
  ) {}

  /** Counts a restart at this monotonic moment. False: one too many. */
  allows(now: number): boolean {
    this.#moments = [...this.#moments.filter((at) => at >= now - this.periodMs), now];
    return this.#moments.length <= this.intensity;
  }
}
