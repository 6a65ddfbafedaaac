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

  /** How many came above the first one that is missing, and which that is. */
  gap(sender: string): { readonly above: number; readonly missing: number } {
    const known = this.senders.get(sender);
    return { above: known?.above.size ?? 0, missing: (known?.high ?? 0) + 1 };
  }

  snapshot(): Seen {
    return [...this.senders].map(([sender, { high, above }]) => [sender, high, [...above].sort((a, b) => a - b)]);
  }
}
