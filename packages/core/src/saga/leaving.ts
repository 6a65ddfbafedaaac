import { sleep } from '../base/clock.js';
import type { Clock } from '../base/clock.js';

const PATIENCE_MS = 100;

/** Passes that were left here, by stream, until nothing of them is at work any more: an undo may take long. */
export class Leaving {
  private readonly passes = new Map<string, Promise<void>>();

  constructor(private readonly clock: Clock) {}

  add(stream: string, settled: Promise<void>): void {
    const over = settled.then(() => {
      if (this.passes.get(stream) === over) this.passes.delete(stream);
    });
    this.passes.set(stream, over);
  }

  /** Whether none of a stream is at work. It is answered soon: whoever asks keeps all other runs waiting. */
  async isFree(stream: string): Promise<boolean> {
    const pass = this.passes.get(stream);
    if (pass) await Promise.race([pass, sleep(this.clock, PATIENCE_MS, undefined, true)]);
    return !this.passes.has(stream);
  }
}
