import { serve } from '@redress/example-shared';
import { sqliteStore } from '@redress/sqlite';
import { Account } from './account.js';
import type { Member } from './scheme.js';
import { SCHEMES } from './schemes.js';
import type { SchemeName } from './schemes.js';

/* One account in a process of its own. It does what the parent tells it, until it is killed or let go. */

export interface Job {
  readonly scheme: SchemeName;
  readonly store: string;
  readonly members: readonly string[];
  readonly id: string;
  readonly cents: number;
}

export type Order =
  | { readonly n: number; readonly act: 'pay'; readonly to: string; readonly cents: number }
  | { readonly n: number; readonly act: 'checkpoint' | 'look' | 'end' };

export interface Told extends Pick<Member, 'forced' | 'again' | 'checkpoints' | 'interval' | 'wentTo'> {
  readonly n: number;
  readonly cents: number;
}

serve<Job, Told>(async ({ scheme, store: file, members, id, cents }, report) => {
  const store = sqliteStore(file);
  const account = new Account(id, cents);
  const member: Member = await SCHEMES[scheme].open({ store, group: scheme, members }, account);
  const tell = (n: number): void => {
    const { forced, again, checkpoints, interval, wentTo } = member;
    report({ n, cents: account.cents, forced, again, checkpoints, interval, wentTo });
  };
  await new Promise<void>((resolve, reject) => {
    const follow = async (order: Order): Promise<void> => {
      if (order.act === 'pay') await member.pay(order.to, order.cents);
      if (order.act === 'checkpoint') await member.checkpoint();
      tell(order.n);
      if (order.act === 'end') resolve();
    };
    process.on('message', (order) => void follow(order as Order).catch(reject));
    // It stands on the line.
    tell(0);
  });
  await store.close();
  // What still looks at the store has nothing more to say.
  process.exit(0);
});
