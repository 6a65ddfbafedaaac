// node child.mjs '<json>': a process that starts runs, or only goes on with what it finds, and perhaps dies at one place.
//   place, store, world: where everything lies; start: [{ scenario, run }]; watch: run; killAt: place in that run's life;
//   until: runs to wait for; leaseMs; stepMs; stopAfterMs: when it stops itself, between two turns, where it holds no lock of a file.
import { createRuntime } from '@redress/core';
import { writeSync } from 'node:fs';
import { scenarios } from './scenarios.mjs';
import { STORES } from './stores.mjs';
import { openWorld } from './world.mjs';

const { place, store: kind, start, watch, killAt, until, leaseMs, stepMs = 0, stopAfterMs } = JSON.parse(process.argv[2]);
const world = openWorld(`${place}.world.db`);

/** The watched run has come by a place: nothing runs after a kill, no handler, no flush. */
function reach(run, point) {
  if (run !== watch) return;
  writeSync(1, `at ${point}\n`);
  if (point === killAt) process.kill(process.pid, 'SIGKILL');
}

/** The same store, with places before and after each durable write of the watched run. */
function watched(inner) {
  const runOf = (id) => id.slice(id.indexOf('/') + 1);
  const store = Object.create(inner);
  for (const verb of ['load', 'renew', 'scan', 'drop', 'now', 'close']) store[verb] = (...args) => inner[verb](...args);
  store.commit = async (change) => {
    const what = change.entries.map(({ key }) => key.replace(/:\d{4,}|:[\w-]{8,}$/, '')).join(' + ') || 'head';
    reach(runOf(change.id), `commit ${what}, before`);
    const commit = await inner.commit(change);
    reach(runOf(change.id), `commit ${what}, after`);
    return commit;
  };
  let first = start.length === 0;
  store.claim = async (claim) => {
    if (first) reach(watch, 'claim, before');
    first = false;
    const heads = await inner.claim(claim);
    for (const { id } of heads) reach(runOf(id), 'claim, after');
    return heads;
  };
  return store;
}

const store = watched(STORES[kind](place));
const { sagas, steps } = scenarios(world, reach, stepMs);
const runtime = createRuntime({ store, sagas, steps, lease: leaseMs, poll: 25, grace: 200 });
const ended = async (scenario, run) => {
  try {
    await runtime.handle(scenario, run).outcome();
  } catch (error) {
    if (error.code === 'SAGA_NOT_FOUND' || error.code === 'SAGA_COMPENSATED') return;
    throw error;
  }
};
if (stopAfterMs !== undefined) {
  setTimeout(() => {
    writeSync(1, 'stopped\n');
    process.kill(process.pid, 'SIGSTOP');
  }, stopAfterMs);
}
const outcomes = start.map(({ scenario, run }) =>
  runtime.run(
    sagas.find(({ name }) => name === scenario),
    [run],
  ),
);
await Promise.allSettled(outcomes);
for (const { scenario, run } of until) await ended(scenario, run);
await runtime.stop();
await store.close();
world.close();
writeSync(1, 'ended\n');
