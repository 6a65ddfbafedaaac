import type { Data, Recoverable } from '@redress/core';

/** An account: what is kept of it, and nothing else. */
export class Account implements Recoverable {
  constructor(
    readonly id: string,
    public cents: number,
  ) {}

  capture(): Data {
    return String(this.cents);
  }

  restore(state: Data | undefined): void {
    this.cents = Number(state ?? 0);
  }
}
