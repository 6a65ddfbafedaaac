import type { Body } from './call.js';

/** The bodies of one call that are under way: they may outlive it. */
export class Bodies {
  running = 0;
  private whenLast: (() => void) | undefined;

  /** The same body, counted until it has settled. */
  counting(body: Body): Body {
    return (running) => {
      this.running += 1;
      let ended: Promise<unknown>;
      try {
        ended = Promise.resolve(body(running));
      } catch (error) {
        this.left();
        throw error;
      }
      const left = (): void => this.left();
      ended.then(left, left);
      return ended;
    };
  }

  private left(): void {
    this.running -= 1;
    if (this.running > 0) return;
    const { whenLast } = this;
    this.whenLast = undefined;
    whenLast?.();
  }

  /** Calls `fn` when no body is under way: at once, or with the end of the last one. */
  whenNone(fn: () => void): void {
    if (this.running === 0) fn();
    else this.whenLast = fn;
  }
}
