import type { Head } from '../base/store.js';
import type { Desk } from './desk.js';

/** A fifth of a lease is kept as a margin. */
const SAFE = 0.8;

/** How long one owner surely holds a stream, by the monotonic clock. */
export class Lease {
  private safeUntil = Infinity;
  /** The store's clock less the monotonic one, when the lease was last seen to begin. */
  private aheadMs: number | undefined;

  constructor(private readonly desk: Desk) {}

  /** Whether it surely lasts at this monotonic moment. */
  isSafe(monotonic: number): boolean {
    return monotonic < this.safeUntil;
  }

  /** A request sent at `sentAt` (monotonic) extended it; `head`: what that made of the stream, if it is known. */
  renewed(sentAt: number, head?: Head): void {
    const until = sentAt + this.desk.leaseMs * SAFE;
    this.safeUntil = this.safeUntil === Infinity ? until : Math.max(this.safeUntil, until);
    if (head?.owner === this.desk.owner && head.wakeAt !== null) this.aheadMs = head.wakeAt - this.desk.leaseMs - sentAt;
  }

  /** Whether less than half of it is left. */
  needsRenewal(monotonic: number): boolean {
    return monotonic > this.safeUntil - this.desk.leaseMs * 0.5;
  }

  /**
   * Whether it lasts, or did so less than `agoMs` ago, by the store's clock too: the monotonic one stands still while a machine sleeps.
   * @throws StoreUnavailableError
   */
  async lasted(agoMs: number): Promise<boolean> {
    const { clock } = this.desk.environment;
    const now = await this.desk.store.now();
    const monotonic = clock.monotonic();
    return this.isSafe(monotonic - agoMs) && now - monotonic - (this.aheadMs ?? -Infinity) < this.desk.leaseMs * (1 - SAFE);
  }
}
