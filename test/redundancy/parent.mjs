// Has a replica in a process, and goes in one of several ways.
import { processReplica } from '@redress/core';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [how, file] = process.argv.slice(2);
const replica = await processReplica('rates', new URL('./rates.mjs', import.meta.url), { method: 'answer', output: 'ignore' });
const { signal } = new AbortController();
const hung = () => void replica.answer(['hangs', file], { signal }).catch(() => {});
if (['idle', 'close', 'kill'].includes(how)) await replica.answer(['answers', file], { signal });
// Also a call that waits for the end of an idle process, and nothing else, comes to its end.
if (how === 'close') await replica.close();
if (how === 'exit') {
  hung();
  while (!existsSync(file)) await sleep(5);
  process.exit(0);
}
if (how === 'kill') await sleep(600_000);
