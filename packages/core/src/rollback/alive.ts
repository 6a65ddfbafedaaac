import type { Clock, Timer } from '../base/clock.js';

const LONG_MS = 2 ** 31 - 1;

/** Who waits keeps the process alive; what waits for others by itself does not. */
export class Alive {
  private waiting = 0;
  private timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  async while<T>(work: Promise<T>): Promise<T> {
    this.waiting += 1;
    this.timer ??= this.clock.setTimer(LONG_MS, () => {});
    try {
      return await work;
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0) {
        this.timer?.cancel();
        this.timer = undefined;
      }
    }
  }
}
