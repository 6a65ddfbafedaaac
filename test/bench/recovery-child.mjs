// node recovery-child.mjs '<json>': one of several processes on one store, with `runs` runs of its own; it tells its parent what has started and what has ended.
import { createRuntime, currentScope, defineSaga, defineStep } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const { file, url, log, name, runs, leaseMs, stepMs, atATime } = JSON.parse(process.argv[2]);

// One line for each body that begins: a line that was written is there when the process is killed.
const names = ['one', 'two', 'three', 'four', 'five'];
const steps = names.map((step) =>
  defineStep(step, { compensate: async () => {}, undo: { total: true } }, async () => {
    appendFileSync(log, `${currentScope().step.key} ${Date.now()}\n`);
    await pause(stepMs);
  }),
);
const saga = defineSaga('long', { id: (id) => id }, async (run, id) => {
  for (const step of steps) await run.step(step, id);
});

const store = url ? await redisStore({ url }) : sqliteStore(file);
const runtime = createRuntime({ store, sagas: [saga], steps, lease: leaseMs, maxConcurrentRuns: atATime });
let [started, ended] = [0, 0];
const tell = () => process.send({ started, ended });
runtime.environment.events.on('saga.started', () => {
  started += 1;
  if (started === runs) tell();
});
runtime.environment.events.on('saga.completed', () => {
  ended += 1;
  // Each of them: what a process has ended and not told, its parent would wait for in vain.
  tell();
});
const stop = async () => {
  await runtime.stop();
  await store.close();
  process.disconnect();
};
process.on('message', () => void stop());
if (runs === 0) tell();
for (let i = 0; i < runs; i++) runtime.run(saga, [`${name}-${i}`]).catch(() => {});
