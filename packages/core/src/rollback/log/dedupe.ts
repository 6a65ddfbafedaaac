import { MessageGapError } from './errors.js';

/** So many that came above a missing one are remembered. */
const MOST_ABOVE = 10_000;

/** What a receiver remembers of one sender: all up to `high` came, and those of `above`. */
export type Seen = readonly (readonly [sender: string, high: number, above: readonly number[]])[];

/**
 * Which messages have come already, for each sender that counts 1, 2, 3: the greatest number below which none is missing, and
 * the few above it. So it stays small however long a sender lives, and is a part of each checkpoint.
 */
export class Deduplicator {
  private readonly senders = new Map<string, { high: number; readonly above: Set<number> }>();

  constructor(seen: Seen = []) {
    for (const [sender, high, above] of seen) this.senders.set(sender, { high, above: new Set(above) });
  }

  has(sender: string, sequence: number): boolean {
    const known = this.senders.get(sender);
    return known !== undefined && (sequence <= known.high || known.above.has(sequence));
  }

  add(sender: string, sequence: number): void {
    let known = this.senders.get(sender);
    if (!known) this.senders.set(sender, (known = { high: 0, above: new Set() }));
    if (sequence !== known.high + 1) {
      if (sequence > known.high) known.above.add(sequence);
      return;
    }
    known.high = sequence;
    while (known.above.delete(known.high + 1)) known.high += 1;
  }

  /** @throws MessageGapError when too much has come above one that is missing. */
  knows(process: string, sender: string, sequence: number): boolean {
    if (sequence === 0) return false;
    if (this.has(sender, sequence)) return true;
    const { high, above } = this.senders.get(sender) ?? { high: 0, above: new Set<number>() };
    if (above.size >= MOST_ABOVE && sequence !== high + 1) throw new MessageGapError(process, sender, high + 1, above.size);
    return false;
  }

  snapshot(): Seen {
    return [...this.senders].map(([sender, { high, above }]) => [sender, high, [...above].sort((a, b) => a - b)]);
  }
}
