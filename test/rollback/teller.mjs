// node teller.mjs '<json>': one member of a group of accounts that send each other money, until it is killed or told to leave.
//   store: { file } or { url }; group, process, members; everyMs, deadlineMs; seed.
// Says `ready <epoch>`, `restored <epoch> <round>`, `committed <round>`, `balance <epoch> <cents>`; ends at the line `leave` on its input.
import { createEnvironment, joinExchange } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const job = JSON.parse(process.argv[2]);
const say = (line) => writeSync(1, `${line}\n`);
const store = job.store.url ? await redisStore({ url: job.store.url }) : sqliteStore(job.store.file);
const account = {
  id: job.process,
  cents: 0,
  capture: () => String(account.cents),
  restore: (state) => void (account.cents = state === undefined ? job.cents : Number(state)),
};
const environment = createEnvironment();
environment.events.on('*', ({ name, details, error }) => {
  const [epoch, round] = [String(details?.epoch), String(details?.round)];
  if (name === 'round.restored') say(`restored ${epoch} ${round} ${account.cents}`);
  else if (name === 'round.committed') say(`committed ${round}`);
  else if (/failed|lost/.test(name)) say(`event ${name} ${String(error)}`);
});
const member = await joinExchange({
  ...{ store, group: job.group, members: job.members, state: account, environment },
  ...{ everyMs: job.everyMs, deadlineMs: job.deadlineMs, pollMs: 20 },
  receive: (_, cents) => void (account.cents += cents),
});
await member.ready;
say(`ready ${member.epoch}`);
let isLeaving = false;
createInterface(process.stdin).once('line', () => (isLeaving = true));
const others = job.members.filter((one) => one !== job.process);
for (let n = 0; !isLeaving; n++) {
  await member
    .call(() => {
      const cents = Math.min(account.cents, 1 + Math.floor(Math.random() * 20));
      if (cents === 0) return;
      account.cents -= cents;
      member.send(others[n % others.length], cents);
    })
    .catch((error) => {
      // Another process has taken this one's place.
      if (error.code === 'ROUND_NO_MEMBER') process.exit(0);
      if (error.code !== 'ROUND_EPOCH_OVER') throw error;
    });
  await pause(2);
}
// Nobody sends any more; what is under way arrives.
say('quiet');
for (;;) {
  await pause(50);
  await member.call(() => say(`balance ${member.epoch} ${account.cents}`)).catch(() => {});
}
