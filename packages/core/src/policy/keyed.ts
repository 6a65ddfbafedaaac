/** One thing for each key, such as each host; those used longest ago are forgotten when there are too many. */
export class Keyed<T> {
  private readonly many = new Map<string, T>();

  constructor(
    private readonly keyOf: (...args: readonly unknown[]) => string,
    private readonly maxKeys: number,
    private readonly make: () => T,
    /** What is in use: it is forgotten after all others. */
    private readonly isKept: (one: T) => boolean,
    /** Whether what is in use may be forgotten at all; else there are more than `maxKeys` for as long as it is. */
    private readonly mayDrop: boolean,
  ) {}

  of(args: readonly unknown[]): T {
    const key = String(this.keyOf(...args));
    const known = this.many.get(key);
    // Those used longest ago stand first.
    if (known) this.many.delete(key);
    else if (this.many.size >= this.maxKeys) this.evict();
    const one = known ?? this.make();
    this.many.set(key, one);
    return one;
  }

  values(): readonly T[] {
    return [...this.many.values()];
  }

  private evict(): void {
    for (const [key, one] of this.many) {
      if (this.many.size < this.maxKeys) return;
      if (!this.isKept(one)) this.many.delete(key);
    }
    const [oldest] = this.many.keys();
    if (this.mayDrop && this.many.size >= this.maxKeys) this.many.delete(oldest as string);
  }
}
