// The floor: a list of steps in memory, undone from its end. Nothing survives anything.
import { actOrRefuse, orderOf, STEPS, undo } from './order.mjs';

async function place(order) {
  const done = [];
  try {
    for (const name of STEPS) {
      await actOrRefuse(name, order);
      done.push(name);
    }
    return 'done';
  } catch {
    while (done.length > 0) await undo(done.pop(), order);
    return 'undone';
  }
}

export async function open() {
  return { durability: 'none', one: (i, variant) => place(orderOf(variant, i)), close: async () => {} };
}
