import { fenceOf, RedressError, serveChild } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * One of the three: it writes a line into its stream again and again, under the token of its life. Whose token is an old
 * one is a zombie: it is refused, and ends.
 */

/** How a zombie ends that has noticed what it is. */
const FENCED = 75;
const PAUSE_MS = 50;

serveChild(
  async ({ ready, signal, generation, token }) => {
    const [file, manner] = process.argv.slice(2);
    if (manner === 'crash') throw new Error('the configuration of this teller is broken');
    if (file === undefined || token === undefined) throw new Error('a teller needs the store and its token');
    const store = sqliteStore(file);
    const fence = fenceOf(store, token);
    ready();
    for (let n = 1; !signal.aborted; n++) {
      try {
        await fence.write(`${generation}:${n}`, JSON.stringify({ pid: process.pid }));
      } catch (error) {
        if (RedressError.is(error) && error.code === 'CHILD_FENCED') process.exit(FENCED);
        throw error;
      }
      await sleep(PAUSE_MS);
    }
    await store.close();
  },
  { beatMs: 100 },
);
