// node paused.mjs <file> <name> <caller|worker>: runs a saga whose second step takes longer than the lease, or only recovers it.
import { createRuntime, currentScope, defineSaga, defineStep } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { setTimeout as pause } from 'node:timers/promises';

const [file, name, role] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${line}\n`);

const first = defineStep('first', { readOnly: true }, async () => say('first'));
const second = defineStep('second', { readOnly: true }, async () => {
  say('second');
  await pause(role === 'caller' ? 600 : 50);
  return `second by ${name}`;
});
const third = defineStep('third', { readOnly: true }, async () => {
  say(`third ${currentScope()?.step?.key.replace(/~.*\//, '~/')}`);
});
const saga = defineSaga('paused', { id: () => 'x' }, async (run) => {
  await run.step(first);
  const by = await run.step(second);
  await run.step(third);
  return by;
});

const store = sqliteStore(file);
const runtime = createRuntime({ store, sagas: [saga], steps: [first, second, third], lease: 300, poll: 50, worker: role === 'worker' });
runtime.environment.events.on('*', (event) => {
  if (['step.completed', 'saga.completed', 'run.claimed'].includes(event.name)) say(`${event.name} ${event.step ?? ''}`.trim());
});
const outcome = role === 'caller' ? runtime.run(saga, []) : runtime.handle(saga, 'x').outcome();
say(`outcome: ${await outcome}`);
await runtime.stop();
await store.close();
