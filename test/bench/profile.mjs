import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { rate } from './measure.mjs';
const undo = async () => {};
const step = (name) => defineStep(name, { compensate: undo, undo: { total: true } }, async (order, cents) => ({ ok: true, id: `${name}-${order}`, cents }));
const [reserve, charge, ship] = ['reserve', 'charge', 'ship'].map(step);
const place = defineSaga('place-order', { id: (order) => order }, async (run, order, cents) => {
  await run.step(reserve, order, cents);
  const paid = await run.step(charge, order, cents);
  return (await run.step(ship, order, paid.cents)).id;
});
const kind = process.argv[2];
import { rmSync } from 'node:fs';
rmSync('/tmp/prof/p.db', { force: true });
const nullStore = { durability: 'process', async load() {}, async claim() { return []; }, async renew(o, ids) { return ids.map((id) => ({ id, owner: o, version: 1 })); }, async now() { return Date.now(); }, async close() {}, async scan() {}, async drop() {},
  commit(change) { return new Promise((r) => setImmediate(() => r({ applied: true, head: { id: change.id, version: 1, stamp: 'x', owner: change.head.owner, length: (change.expect === 'absent' ? 0 : change.expect.length ?? 0) + change.entries.length, claims: 0 } }))); } };
const store = kind === 'null' ? nullStore : kind === 'sqlite' ? sqliteStore('/tmp/prof/p.db') : memoryStore();
const runtime = createRuntime({ store, sagas: [place], steps: [reserve, charge, ship], worker: false });
for (let r = 0; r < 5; r++) {
  const n = +process.argv[4] || 5000;
  const c0 = process.cpuUsage();
  const x = await rate(n, +process.argv[3] || 128, (i) => runtime.run(place, [`o-${r}-${i}`, 1999]));
  const c = process.cpuUsage(c0);
  console.log(Math.round(x), 'sagas/s', ((c.user + c.system) / n).toFixed(1), 'us cpu/saga');
}
await runtime.stop();
await store.close();
