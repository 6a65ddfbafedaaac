// A node of a shared breaker, in a process of its own: calls all the time, and tells its parent of each call that was let through.
import { circuitBreaker, guard } from '@redress/core';

const [name, kind, place] = process.argv.slice(2);
const open = {
  sqlite: async () => (await import('@redress/sqlite')).sqliteStore(place),
  redis: async () => (await import('@redress/redis')).redisStore({ url: place }),
};
const store = await open[kind]();
let mode = 'up';
let isTold = '';
const breaker = circuitBreaker({
  requestVolumeThreshold: 4,
  delay: 600,
  halfOpenMaxDuration: '1m',
  shared: { store, name: 'bank', interval: 100, leaseTtl: 800 },
});
const body = async () => {
  process.send({ what: 'body', name, mode });
  if (mode === 'hangs') await new Promise(() => {});
  if (mode === 'down') throw new Error('down');
};
const guarded = guard(body, breaker);
process.on('message', (next) => (mode = next));
process.once('disconnect', () => process.exit(0));
setInterval(() => {
  guarded().catch(() => {});
  const state = breaker.state();
  if (state !== isTold) process.send({ what: 'state', name, state });
  isTold = state;
}, 25);
