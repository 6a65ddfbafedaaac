/** What can be written to and taken back. */
export interface Revertible {
  revert(key: unknown, old: unknown): void;
}

/** The writes of the calls that are under way on one object, with what stood there before. */
export class UndoLog {
  private readonly targets: Revertible[] = [];
  private readonly keys: unknown[] = [];
  private readonly olds: unknown[] = [];
  /** Grows when something was taken off: what was read from the log is out of date then. */
  epoch = 0;

  get length(): number {
    return this.targets.length;
  }

  push(target: Revertible, key: unknown, old: unknown): void {
    this.targets.push(target);
    this.keys.push(key);
    this.olds.push(old);
  }

  /** Takes back all that was written since the log had this length, the last first. */
  revertTo(length: number): void {
    if (this.targets.length === length) return;
    this.epoch += 1;
    while (this.targets.length > length) {
      const target = this.targets.pop() as Revertible;
      target.revert(this.keys.pop(), this.olds.pop());
    }
  }

  /** Forgets all: what was written stands. */
  clear(): void {
    this.epoch += 1;
    this.targets.length = 0;
    this.keys.length = 0;
    this.olds.length = 0;
  }

  /** Calls `each` for the writes from `start` on, the first one first. */
  forEach(start: number, each: (target: Revertible, key: unknown, old: unknown) => void): void {
    for (let i = start; i < this.targets.length; i++) each(this.targets[i] as Revertible, this.keys[i], this.olds[i]);
  }
}
