// node teller.mjs <store> <diary> [manner]: a child that writes under the token of its life without a pause, until it is asked to end.
// What happens to it stands in the diary: `began`, `stopped` or `fenced`, its id, its life, its process.
import { fenceOf, serveChild } from '@redress/core';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from './places.mjs';

const FENCED = 75;
const [place, diary, manner] = process.argv.slice(2);

serveChild(
  async ({ ready, signal, id, generation, token }) => {
    const say = (what) => appendFileSync(diary, `${what} ${id} ${generation} ${process.pid}\n`);
    // Nothing tells this one that its supervisor is gone.
    if (manner === 'deaf') process.removeAllListeners('disconnect');
    if (manner === 'broken') throw new Error('this teller is broken');
    const store = await openStore(place);
    const fence = fenceOf(store, token);
    say('began');
    ready();
    for (let n = 1; !signal.aborted; await sleep(10)) {
      try {
        await fence.write(`${token.life}:${n}`, token.life);
        n += 1;
      } catch (error) {
        if (error.code === 'CHILD_FENCED') {
          say('fenced');
          process.exit(FENCED);
        }
        // Not known whether it was written: the same key again.
        if (!error.retryable) throw error;
      }
    }
    await store.close();
    say('stopped');
  },
  { beatMs: 100 },
);
