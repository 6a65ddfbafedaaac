import type { Clock, Timer } from '../base/clock.js';
import { SagaCancelledError, SagaDeadlineError } from './errors.js';
import type { Journal } from './journal.js';

/** What takes a run back from outside of its body: a cancel, and its deadline. */
export class Limits {
  private timer: Timer | undefined;

  constructor(
    private readonly journal: Journal,
    private readonly clock: Clock,
    private readonly onOver: () => void,
  ) {}

  /** Milliseconds until the deadline; Infinity: there is none. */
  get leftMs(): number {
    const { deadlineAt } = this.journal.meta;
    return deadlineAt === undefined ? Infinity : this.journal.monotonicOf(deadlineAt) - this.clock.monotonic();
  }

  /** Looks at the deadline again: it may have been moved. */
  watch(): void {
    this.cancel();
    const ms = this.leftMs;
    // Behind the pivot it is nothing to look for; one that is refused is followed by a look.
    if (ms === Infinity || this.journal.meta.pivot) return;
    // Others may have moved it meanwhile.
    const over = (): void => void this.journal.refresh().then(this.onOver);
    this.timer = this.clock.setTimer(Math.ceil(Math.max(ms, 0)), over, { background: true });
  }

  cancel(): void {
    this.timer?.cancel();
  }

  /** Why the run is not to go forward any more, if anything says so. */
  unwanted(): Error | undefined {
    const { saga, id, history } = this.journal;
    if (history.cancel) return new SagaCancelledError(saga, id, history.cancel.who, history.cancel.why);
    return this.leftMs <= 0 ? new SagaDeadlineError(saga, id) : undefined;
  }
}
