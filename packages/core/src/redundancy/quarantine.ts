/** Counts how often in a row each replica was outvoted, and keeps those out that were too often. */
export class Quarantine {
  private readonly dissents: number[];
  private readonly out = new Set<number>();

  constructor(
    n: number,
    /** Dissents in a row; 0: never. */
    private readonly after: number,
    /** Whether those that are left could still come to an answer. */
    private readonly enough: (out: ReadonlySet<number>) => boolean,
  ) {
    this.dissents = Array.from({ length: n }, () => 0);
  }

  has(index: number): boolean {
    return this.out.has(index);
  }

  get members(): readonly number[] {
    return [...this.out].toSorted((a, b) => a - b);
  }

  /** True when the replica is kept out from now on. Nobody is, when no vote could be won without it. */
  dissented(index: number): boolean {
    const count = ((this.dissents[index] as number) += 1);
    if (this.after === 0 || count < this.after || this.out.has(index)) return false;
    if (!this.enough(new Set([...this.out, index]))) return false;
    this.out.add(index);
    return true;
  }

  agreed(index: number): void {
    this.dissents[index] = 0;
  }

  /** True when it was out. */
  release(index: number): boolean {
    this.dissents[index] = 0;
    return this.out.delete(index);
  }
}
