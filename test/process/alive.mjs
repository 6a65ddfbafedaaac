import { createRuntime, defineSaga, defineStep, RefusedError } from '@redress/core';
import { memoryStore } from '@redress/memory';

// A run whose undo fails once and pauses: for a while nothing but the waiting caller keeps this process alive.
let calls = 0;
const compensate = async () => {
  calls += 1;
  if (calls === 1) throw new Error('not yet');
};
const reserve = defineStep('reserve', { compensate, undo: { total: true } }, async () => 'hold');
const ship = defineStep('ship', { irreversible: 'gone is gone' }, async () => {
  throw new RefusedError('no');
});
const place = defineSaga('place', {}, async (run) => {
  await run.step(reserve);
  await run.step(ship);
});
const runtime = createRuntime({ store: memoryStore(), sagas: [place], steps: [reserve, ship] });
await runtime.run(place, []).catch((error) => console.log('ended:', error.code));
// The runtime is not stopped: it must not keep the process alive by itself.
