// node child.mjs '<json>': one life of an account, that says what was answered to it and perhaps dies at one place.
//   sqlite: file, or redis: url; killAt: number of the place; ops: how many more operations, 0: only look.
import { checkpointed, TrackedArray, TrackedMap } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { writeSync } from 'node:fs';

const { sqlite, redis, killAt, ops } = JSON.parse(process.argv[2]);
let places = 0;

function reach(what) {
  places += 1;
  writeSync(1, `at ${places} ${what}\n`);
  if (places === killAt) process.kill(process.pid, 'SIGKILL');
}

function watched(inner) {
  const store = Object.create(inner);
  for (const verb of ['load', 'renew', 'scan', 'drop', 'now', 'close']) store[verb] = (...args) => inner[verb](...args);
  for (const verb of ['commit', 'claim']) {
    store[verb] = async (arg) => {
      const what = arg.entries?.map(({ key }) => key).join(' + ') ?? '';
      reach(`${verb} ${what}, before`);
      const answer = await inner[verb](arg);
      reach(`${verb} ${what}, after`);
      return answer;
    };
  }
  return store;
}

class Account {
  done = 0;
  entries = new TrackedMap();
  log = new TrackedArray();
}

const opened = sqlite ? sqliteStore(sqlite) : await redisStore({ url: redis });
const account = new Account();
const handle = checkpointed(account, {
  id: 'a1',
  store: watched(opened),
  fields: ['done', 'entries', 'log'],
  durability: 'fsync',
  keep: 3,
});
const say = (word, number, incarnation) =>
  writeSync(
    1,
    `${JSON.stringify({ word, number, incarnation, done: account.done, entries: account.entries.size, log: account.log.length })}\n`,
  );
const found = await handle.start();
say('found', found.number, found.incarnation);
for (let i = 0; i < ops; i++) {
  await handle.run('op', async () => {
    account.done += 1;
    account.entries.set(`n${account.done}`, { text: 'x'.repeat(account.done % 3 === 0 ? 700_000 : 10) });
    await Promise.resolve();
    account.log.push(account.done);
  });
  const saved = await handle.save();
  say('saved', saved.number, saved.incarnation);
  if (i === 3) {
    const back = await handle.rollback({ to: saved.number });
    say('back', back.number, back.incarnation);
  }
}
await handle.stop();
await opened.close();
writeSync(1, 'ended\n');
