// node sqlite-scale-child.mjs <file>: one of the processes that drain a file of what is due. It works from the first message to the second.
import { createRuntime } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { nap, reserve } from './sqlite-scale-sagas.mjs';

let stop;
process.on('message', () => {
  if (stop) {
    void stop();
    return;
  }
  const store = sqliteStore(process.argv[2]);
  const runtime = createRuntime({ store, sagas: [nap], steps: [reserve] });
  let ended = 0;
  runtime.environment.events.on('saga.completed', () => (ended += 1));
  stop = async () => {
    await runtime.stop();
    await store.close();
    process.send({ ended });
    process.disconnect();
  };
});
process.send('ready');
