import { createEnvironment, joinExchange } from '@redress/core';
import { told } from './scheme.js';
import type { Scheme } from './scheme.js';

/** Far above what a round takes: the demo is not to fail where the computer is slow. */
const DEADLINE_MS = 30_000;

/** A checkpoint is one of all; after a kill all go back to the last one, and what was on its way then comes again. */
export const coordinated: Scheme = {
  title: 'all take their checkpoints together, and go back together',
  async open({ store, group, members }, account) {
    const environment = createEnvironment();
    const checkpoints = [0];
    let wentTo: number | undefined;
    const numberOf = (details: Readonly<Record<string, unknown>> | undefined): number => Number(details?.['round']);
    environment.events.on('round.committed', ({ details }) => void checkpoints.push(numberOf(details)));
    environment.events.on('round.restored', ({ details }) => void (wentTo = numberOf(details)));
    const member = await joinExchange({
      ...{ store, group, members, environment, state: account, pollMs: 5, deadlineMs: DEADLINE_MS },
      receive: (_, cents) => void (account.cents += Number(cents)),
    });
    await member.ready;
    return {
      pay: (to, cents) =>
        member.call(() => {
          account.cents -= cents;
          member.send(to, cents);
        }),
      async checkpoint() {
        await member.checkpoint();
      },
      get interval() {
        return (checkpoints.at(-1) ?? 0) + 1;
      },
      get wentTo() {
        return wentTo;
      },
      ...{ checkpoints, forced: 0, again: 0 },
    };
  },
  outcome: told,
};
