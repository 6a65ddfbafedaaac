import type { Settings } from './options.js';

/** When a member is to begin a round by itself. */
export class Pace {
  private last = 0;
  private lastAt: number;

  constructor(private readonly settings: Settings) {
    this.lastAt = settings.environment.clock.monotonic();
  }

  /** `last`: the number of the last round that anybody has begun. */
  isDue(last: number): boolean {
    const { everyMs, members, state, environment } = this.settings;
    const now = environment.clock.monotonic();
    if (last !== this.last) [this.last, this.lastAt] = [last, now];
    if (everyMs === undefined) return false;
    // One of them begins; the others follow a little later, should that one be away.
    if (now - this.lastAt < everyMs * (1 + members.indexOf(state.id) / 4)) return false;
    this.lastAt = now;
    return true;
  }
}
