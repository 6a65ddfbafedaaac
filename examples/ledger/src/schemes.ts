import { independentProcess } from '@redress/core';
import type { Store } from '@redress/core';
import type { Account } from './account.js';

/** What an account process must be able to do, however it is kept from losing money. */
export interface Member {
  pay(to: string, cents: number): Promise<void>;
  checkpoint(): Promise<void>;
  /** Checkpoints that were taken because of a message. */
  readonly forced: number;
}

/** One way of keeping a group of accounts recoverable. A further one is one more entry of `SCHEMES`. */
export interface Scheme {
  readonly title: string;
  open(place: { readonly store: Store; readonly group: string; readonly members: readonly string[] }, account: Account): Promise<Member>;
}

function independent(forced: 'none' | 'bcs', title: string): Scheme {
  return {
    title,
    async open({ store, group, members }, account) {
      const receive = ({ data }: { readonly data: unknown }): void => void (account.cents += Number(data));
      const process = await independentProcess({
        ...{ store, group, members, process: account, receive, forced },
        // The story says when; and nothing is forgotten, so that there is a history to draw.
        ...{ every: 'never', keep: 'all', poll: 5 },
      });
      return {
        pay: (to, cents) =>
          process.run((send) => {
            account.cents -= cents;
            send(to, String(cents));
          }),
        async checkpoint() {
          await process.checkpoint();
        },
        get forced() {
          return process.forced;
        },
      };
    },
  };
}

export const SCHEMES = {
  plain: independent('none', 'checkpoints whenever each likes'),
  bcs: independent('bcs', 'the same, and forced ones before messages that would make them useless'),
} satisfies Readonly<Record<string, Scheme>>;

export type SchemeName = keyof typeof SCHEMES;
