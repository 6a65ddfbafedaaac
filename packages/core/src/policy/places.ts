import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import { abortReason, isAborted, onAbort, rootOf } from './call.js';
import { BulkheadRejectedError } from './errors.js';
import { Keyed } from './keyed.js';

/** One that waits for a place. */
interface Entry {
  readonly take: () => void;
  before: Entry | undefined;
  after: Entry | undefined;
  isIn: boolean;
}

/** A place to be had: by `enter`, or behind `wait`; then `leave` is owed. */
export interface Slot {
  /** Nobody more may wait. */
  readonly isFull: boolean;
  enter(): boolean;
  wait(call: Call, environment: Environment): Promise<void>;
  leave(): void;
}

/**
 * Waits for a place and begins: in the turn in which it is known that the call is still wanted, for what begins behind its
 * end is known to nobody.
 */
export async function waitFor(slot: Slot, call: Call, environment: Environment, begin: () => Promise<unknown>): Promise<unknown> {
  await slot.wait(call, environment);
  if (!isAborted(call)) return begin();
  slot.leave();
  throw abortReason(call);
}

/** Where calls find their places. */
export interface Places {
  of(call: Call): Slot;
}

/** Places and a queue. Whoever waits goes on behind its own `await`, and so in its own async context. */
export class Bulkhead implements Slot, Places {
  private running = 0;
  private waiting = 0;
  private first: Entry | undefined;
  private last: Entry | undefined;

  constructor(
    private readonly places: number,
    private readonly room: number,
    private readonly order: 'fifo' | 'lifo',
  ) {}

  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.running, waiting: this.waiting };
  }

  get isFull(): boolean {
    return this.waiting >= this.room;
  }

  of(): Slot {
    return this;
  }

  /** Takes a place if there is one; then `leave` is owed. */
  enter(): boolean {
    if (this.running >= this.places) return false;
    this.running += 1;
    return true;
  }

  /**
   * Waits for a place; then `leave` is owed.
   * @throws BulkheadRejectedError when too many wait; the reason when the call is aborted meanwhile.
   */
  async wait(call: Call, { events, clock }: Environment): Promise<void> {
    if (this.isFull) {
      const { running, waiting } = this;
      if (events.listening) events.publish({ name: 'bulkhead.rejected', at: clock.now(), details: { operation: call.operation, running } });
      throw new BulkheadRejectedError(call.operation, running, waiting).rejecting(rootOf(call));
    }
    if (isAborted(call)) throw abortReason(call);
    await new Promise<void>((resolve, reject) => {
      const entry = this.queue(() => {
        off();
        resolve();
      });
      const off = onAbort(call, () => {
        if (this.remove(entry)) reject(abortReason(call) as Error);
      });
    });
  }

  private queue(take: () => void): Entry {
    const entry: Entry = { take, before: this.last, after: undefined, isIn: true };
    if (this.last) this.last.after = entry;
    else this.first = entry;
    this.last = entry;
    this.waiting += 1;
    return entry;
  }

  private remove(entry: Entry): boolean {
    if (!entry.isIn) return false;
    entry.isIn = false;
    if (entry.before) entry.before.after = entry.after;
    else this.first = entry.after;
    if (entry.after) entry.after.before = entry.before;
    else this.last = entry.before;
    this.waiting -= 1;
    return true;
  }

  /** Gives the place to the next one. */
  leave(): void {
    const next = this.order === 'fifo' ? this.first : this.last;
    if (!next) {
      this.running -= 1;
      return;
    }
    this.remove(next);
    next.take();
  }
}

/** A bulkhead for each key; one that is in use is not forgotten. */
export class KeyedBulkheads implements Places {
  private readonly keyed: Keyed<Bulkhead>;

  constructor(keyOf: (...args: readonly unknown[]) => string, maxKeys: number, make: () => Bulkhead) {
    this.keyed = new Keyed(keyOf, maxKeys, make, ({ load }) => load.running + load.waiting > 0, false);
  }

  /** Of all keys together. */
  get load(): { readonly running: number; readonly waiting: number } {
    const loads = this.keyed.values().map(({ load }) => load);
    const sum = (name: 'running' | 'waiting'): number => loads.reduce((all, load) => all + load[name], 0);
    return { running: sum('running'), waiting: sum('waiting') };
  }

  of(call: Call): Slot {
    return this.keyed.of(call.args);
  }
}
