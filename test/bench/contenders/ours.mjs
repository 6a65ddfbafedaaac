// The order saga on one of our stores, as an application runs it: with its worker and its heart-beats.
import { createRuntime, defineSaga, defineStep, RefusedError } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { act, isRefused, orderOf, undo } from './order.mjs';

const VERBS = ['load', 'commit', 'claim', 'renew', 'scan', 'drop', 'now'];

const step = (name) =>
  defineStep(name, { compensate: undo, undo: { total: true } }, async (order) => {
    if (isRefused(name, order)) throw new RefusedError(`${name} was refused`);
    return act(name, order);
  });
const [reserve, charge, ship] = ['reserve', 'charge', 'ship'].map(step);
const place = defineSaga('place-order', { id: (order) => order.id }, async (run, order) => {
  await run.step(reserve, order);
  const paid = await run.step(charge, order);
  return (await run.step(ship, { ...order, cents: paid.cents })).id;
});

const work = defineStep('work', { readOnly: true }, async (k) => k * 2);
/** So many steps after each other: variant `steps-3`. */
const many = defineSaga('many', { id: (id) => id }, async (run, _id, n) => {
  for (let k = 1; k <= n; k++) await run.step(work, k);
});

const openStore = {
  memory: async () => memoryStore(),
  sqlite: async ({ file }) => sqliteStore(file),
  redis: async ({ url }) => redisStore({ url }),
};

const report = defineStep('report', { readOnly: true }, async () => 'x'.repeat(2 ** 20));
/** One step with a large result: variant `big`. */
const big = defineSaga('big', { id: (id) => id }, async (run) => {
  await run.step(report);
});

/** `settings.store`: the name of one of our stores, or a store. */
export async function open(settings) {
  const store = typeof settings.store === 'string' ? await openStore[settings.store](settings) : settings.store;
  // How often each verb was asked for, to set beside what the server has counted.
  const asked = Object.fromEntries(VERBS.map((verb) => [verb, 0]));
  for (const verb of VERBS) {
    const original = store[verb].bind(store);
    store[verb] = (...args) => {
      asked[verb] += 1;
      return original(...args);
    };
  }
  const runtime = createRuntime({
    store,
    sagas: [place, many, big],
    steps: [reserve, charge, ship, work, report],
    worker: settings.worker ?? true,
    ...(settings.maxConcurrentRuns ? { maxConcurrentRuns: settings.maxConcurrentRuns } : {}),
  });
  return {
    durability: store.durability,
    asked,
    runtime,
    async one(i, variant) {
      if (variant.startsWith('steps-')) return runtime.run(many, [`${variant}-${i}`, Number(variant.slice(6))]);
      if (variant === 'big') return runtime.run(big, [`big-${i}`]);
      try {
        await runtime.run(place, [orderOf(variant, i)]);
        return 'done';
      } catch (error) {
        if (error.name !== 'SagaCompensatedError') throw error;
        return 'undone';
      }
    },
    async close() {
      await runtime.stop();
      await store.close();
    },
  };
}
