// node child.mjs <place> <id> <balance> <forced>: one account in an operating-system process of its own, told what to do by its parent.
import { independentProcess } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';

const [place, id, balance, forced] = process.argv.slice(2);
const store = place.startsWith('redis:') ? await redisStore({ url: place }) : sqliteStore(place);
const account = {
  id,
  balance: Number(balance),
  capture: () => String(account.balance),
  restore: (state) => void (account.balance = Number(state)),
};
const receive = ({ data }) => void (account.balance += Number(data));
const options = { store, group: 'bank', members: ['P1', 'P2', 'P3'], process: account, receive, every: 'never', forced, poll: 5 };
const own = await independentProcess(options);

const acts = {
  checkpoint: () => own.checkpoint(),
  pay: ({ to, amount }) =>
    own.run((send) => {
      account.balance -= amount;
      send(to, String(amount));
    }),
  look: () => ({ balance: account.balance, incarnation: own.incarnation, checkpoints: own.checkpoints, ghosts: own.ghosts }),
};
process.on('message', ({ n, act, ...more }) => void Promise.resolve(acts[act](more)).then((answer) => process.send({ n, answer })));
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
