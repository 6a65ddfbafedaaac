import { independentProcess, recoveriesOf } from '@redress/core';
import type { Scheme } from './scheme.js';

/** Each takes checkpoints whenever it likes; after a kill the greatest consistent line is looked for. */
export function independent(forced: 'none' | 'bcs', title: string): Scheme {
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
        get checkpoints() {
          return process.checkpoints;
        },
        get interval() {
          return (process.checkpoints.at(-1) ?? 0) + 1;
        },
        // The group has written down who went where.
        ...{ again: 0, wentTo: undefined },
      };
    },
    async outcome({ store, group }) {
      const [recovery] = await recoveriesOf(store, group);
      if (!recovery) throw new Error(`there was no recovery of "${group}"`);
      return recovery;
    },
  };
}
