// node --expose-gc parked-child.mjs '<json>': lets many runs sleep, and prints what each of them costs this process.
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { setTimeout as pause } from 'node:timers/promises';

const { kind, file, runs } = JSON.parse(process.argv[2]);
const store = kind === 'sqlite' ? sqliteStore(file) : memoryStore();
const reserve = defineStep('reserve', { compensate: async () => {}, undo: { total: true } }, async (order) => `hold of ${String(order)}`);
const saga = defineSaga('patient', { id: (id) => id }, async (run, id) => {
  const hold = await run.step(reserve, id);
  await run.sleep('30d');
  return hold;
});
const runtime = createRuntime({ store, sagas: [saga], steps: [reserve] });
let parked = 0;
runtime.environment.events.on('run.parked', () => (parked += 1));

async function sleeping(from, to) {
  for (let i = from; i < to; i += 500) {
    const some = Array.from({ length: Math.min(500, to - i) }, (_, j) => runtime.start(saga, [`o-${i + j}`]));
    await Promise.all(some);
  }
  while (parked < to) await pause(20);
}

async function used() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await pause(100);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

// Some first, so that code and caches are there.
await sleeping(0, 1_000);
const before = await used();
await sleeping(1_000, 1_000 + runs);
const after = await used();
process.stdout.write(
  JSON.stringify({ rss: (after.rss - before.rss) / runs, heap: (after.heapUsed - before.heapUsed) / runs, total: after.rss }),
);
await runtime.stop();
await store.close();
