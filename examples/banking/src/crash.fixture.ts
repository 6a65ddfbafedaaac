import type { Change, Claim, Store } from '@redress/core';

const never = (): Promise<never> => new Promise(() => {});

/** A store that dies under its process: at one durable write, before or after it, and from then on nothing answers. */
export class DyingStore implements Store {
  readonly durability;
  /** What was written, in order: the places where one can die. */
  readonly writes: string[] = [];
  /** Fulfilled when it is dead. */
  readonly death: Promise<void>;
  readonly #inner: Store;
  readonly #at: { readonly write: number; readonly side: 'before' | 'after' } | undefined;
  #die: () => void = () => {};
  #dead = false;

  constructor(inner: Store, at?: { readonly write: number; readonly side: 'before' | 'after' }) {
    this.#inner = inner;
    this.#at = at;
    this.durability = inner.durability;
    this.death = new Promise((resolve) => (this.#die = resolve));
  }

  commit(change: Change): ReturnType<Store['commit']> {
    return this.#write(`commit ${change.entries.map(({ key }) => key).join(' + ')}`, () => this.#inner.commit(change));
  }

  async claim(claim: Claim): ReturnType<Store['claim']> {
    if (this.#dead) return never();
    return this.#inner.claim(claim);
  }

  load: Store['load'] = (...args) => (this.#dead ? never() : this.#inner.load(...args));
  renew: Store['renew'] = (...args) => (this.#dead ? never() : this.#inner.renew(...args));
  scan: Store['scan'] = (...args) => (this.#dead ? never() : this.#inner.scan(...args));
  drop: Store['drop'] = (...args) => (this.#dead ? never() : this.#inner.drop(...args));
  now: Store['now'] = () => (this.#dead ? never() : this.#inner.now());

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write<T>(what: string, write: () => Promise<T>): Promise<T> {
    if (this.#dead) return never();
    const here = this.#at?.write === this.writes.length;
    this.writes.push(what);
    if (here && this.#at?.side === 'before') return this.#end();
    const answer = await write();
    if (here) return this.#end();
    return answer;
  }

  #end(): Promise<never> {
    this.#dead = true;
    this.#die();
    return never();
  }
}
