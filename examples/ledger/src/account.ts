import type { Data, Recoverable } from '@redress/core';

/** An account: what is kept of it, and nothing else. */
export class Account implements Recoverable {
  readonly #initial: number;

  constructor(
    readonly id: string,
    public cents: number,
  ) {
    this.#initial = cents;
  }

  capture(): Data {
    return String(this.cents);
  }

  restore(state: Data | undefined): void {
    this.cents = Number(state ?? this.#initial);
  }
}
