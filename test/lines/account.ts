import { independentProcess, StoreUnavailableError } from '@redress/core';
import type { Data, IndependentOptions, IndependentProcess, Recoverable, Store } from '@redress/core';
import type { Place } from './stores.js';

/** An account: it sends money, and receives some. */
export class Account implements Recoverable {
  /** What it has received, in order, since its state was last restored; and all that it ever restored. */
  readonly seen: string[] = [];
  restored = 0;

  constructor(
    readonly id: string,
    public balance: number,
  ) {}

  capture(): Data {
    return JSON.stringify(this.balance);
  }

  restore(state: Data | undefined): void {
    this.balance = state === undefined ? 0 : (JSON.parse(String(state)) as number);
    this.restored += 1;
  }
}

export interface Opened {
  readonly account: Account;
  readonly process: IndependentProcess;
  /** What a crash does: nothing of it reaches the store any more. */
  readonly crash: (after?: number, made?: boolean) => void;
  readonly pay: (to: string, amount: number) => Promise<void>;
}

/** A store that can be cut off: at once, or at the commit after so many others, which the store has made or not. And some answers are lost. */
function cuttable(store: Store, losesAnswer: () => boolean) {
  let left = Infinity;
  let isMade = false;
  let isCut = false;
  const never = (): Promise<never> => new Promise(() => {});
  const proxy = new Proxy(store, {
    get(target, name: keyof Store) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      return async (...args: unknown[]): Promise<unknown> => {
        const isLast = name === 'commit' && left-- <= 0;
        if (isCut || (isLast && !isMade)) return never();
        if (isLast) isCut = true;
        const answer: unknown = await Reflect.apply(verb as () => unknown, target, args);
        if (name === 'commit' && losesAnswer()) throw new StoreUnavailableError('the answer was lost');
        return isCut ? never() : answer;
      };
    },
  });
  const cut = (after = -1, made = false): void => {
    if (after < 0) isCut = true;
    left = after;
    isMade = made;
  };
  return { store: proxy, cut };
}

export async function open(
  place: Place,
  id: string,
  balance: number,
  members: readonly string[],
  more: Partial<IndependentOptions> = {},
  losesAnswer: () => boolean = () => false,
): Promise<Opened> {
  const { store, cut } = cuttable(await place.connect(), losesAnswer);
  const account = new Account(id, balance);
  const process = await independentProcess({
    ...{ store, group: 'bank', members, process: account, every: 'never', forced: 'none', poll: 2 },
    receive({ from, data }) {
      account.balance += Number(data);
      account.seen.push(`${from}:${String(data)}`);
    },
    ...more,
  });
  const pay = (to: string, amount: number) =>
    process.run((send) => {
      account.balance -= amount;
      send(to, String(amount));
    });
  return { account, process, crash: cut, pay };
}

/** Looks every few milliseconds. @throws when it has not come true within 15 s. */
export async function until(isTrue: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`${what} has not come true.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
