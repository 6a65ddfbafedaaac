import type { Timer } from '../base/clock.js';
import type { Journal } from './journal.js';
import type { Desk } from './desk.js';

const BEATS_PER_LEASE = 6;

/**
 * Keeps the leases of all runs that this process owns, with one `renew` for all of them. A journal whose lease is not
 * surely extended in time is closed before it ends: its steps are told to stop while they still own what they do.
 */
export class Leases {
  private readonly owned = new Map<string, Journal>();
  private timer: Timer | undefined;
  private renewing = false;

  constructor(private readonly desk: Desk) {}

  add(journal: Journal): void {
    this.owned.set(journal.stream, journal);
    this.timer ??= this.next();
  }

  remove(journal: Journal): void {
    if (this.owned.get(journal.stream) === journal) this.owned.delete(journal.stream);
    if (this.owned.size > 0) return;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private next(): Timer {
    const { clock } = this.desk.environment;
    return clock.setTimer(this.desk.leaseMs / BEATS_PER_LEASE, () => this.beat(), { background: true });
  }

  private beat(): void {
    const now = this.desk.environment.clock.monotonic();
    for (const journal of [...this.owned.values()]) {
      if (!journal.isSafe(now)) journal.close('its lease could not be extended in time');
    }
    const due = [...this.owned.values()].filter((journal) => journal.needsRenewal(now));
    if (due.length > 0 && !this.renewing) void this.renew(due, now);
    this.timer = this.owned.size > 0 ? this.next() : undefined;
  }

  private async renew(journals: readonly Journal[], sentAt: number): Promise<void> {
    this.renewing = true;
    try {
      const ids = journals.map((journal) => journal.stream);
      const versions = journals.map(({ version }) => version);
      const answers = await this.desk.store.renew(this.desk.owner, ids, this.desk.leaseMs);
      answers.forEach((answer, i) => {
        const journal = journals[i] as Journal;
        // The store has gone back: what that means, a look at the journal tells.
        if (answer.version < (versions[i] as number)) return void journal.refresh().catch(() => {});
        if (answer.owner === this.desk.owner) {
          journal.renewed(sentAt);
          if (answer.version > journal.version) void journal.refresh().catch(() => {});
        }
        const lose = (): void => {
          if (!journal.closed && this.owned.get(answer.id) === journal) journal.close('another process has claimed it');
        };
        // Nobody's: perhaps by this owner's own end or rest, whose answer the heart-beat has overtaken.
        if (answer.owner === null && answer.version >= journal.version)
          void journal.idle().then(() => answer.version > journal.version && lose());
        else if (answer.owner !== this.desk.owner) lose();
      });
    } catch (error) {
      // Nothing is decided here: the next beat tries again, and `isSafe` ends what was not extended in time.
      this.desk.environment.events.publish({ name: 'lease.unrenewed', at: this.desk.environment.clock.now(), error });
    } finally {
      this.renewing = false;
    }
  }
}
