import { defineSaga, defineStep } from '@redress/core';

const undo = async () => {};
const step = (name) =>
  defineStep(name, { compensate: undo, undo: { total: true } }, async (order, cents) => ({
    ok: true,
    id: `${name}-${String(order)}`,
    cents,
  }));
export const [reserve, charge, ship] = ['reserve', 'charge', 'ship'].map(step);

export const place = defineSaga('place-order', { id: (order) => order }, async (run, order, cents) => {
  await run.step(reserve, order, cents);
  const paid = await run.step(charge, order, cents);
  return (await run.step(ship, order, paid.cents)).id;
});

export const nap = defineSaga('nap', { id: (order) => order }, async (run, order, time) => {
  await run.step(reserve, order, 1);
  await run.sleep(time);
  return order;
});

export const large = defineStep('large', { compensate: undo, undo: { total: true } }, async () => 'x'.repeat(1_000_000));
export const heavy = defineSaga('heavy', { id: (order) => order }, async (run, order) => (await run.step(large, order)).length);
