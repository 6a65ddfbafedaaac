import { CoordinationFailingError } from './errors.js';
import type { Settings } from './options.js';
import type { Register } from './register.js';

/** Tells once for each streak when more rounds have failed in a row than are tolerated. */
export class Failures {
  private isTold = false;

  constructor(
    private readonly settings: Settings,
    private readonly publish: (error: CoordinationFailingError) => void,
  ) {}

  look({ failures: { streak }, decided, last }: Register): void {
    const { tolerate, group, onFailing } = this.settings;
    const isFailing = streak > tolerate;
    if (isFailing && !this.isTold) {
      const error = new CoordinationFailingError(group, streak, decided[last]?.why ?? 'unknown');
      this.publish(error);
      onFailing?.(error);
    }
    this.isTold = isFailing;
  }
}
