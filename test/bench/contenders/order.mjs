// The business of the order saga, the same for every contender: it counts what was really done and undone.
export const STEPS = ['reserve', 'charge', 'ship'];
export const counted = { done: 0, undone: 0 };

/** In the failing variant the third step is refused, and two steps are to be undone. */
export const orderOf = (variant, i) => ({ id: `${variant}-${i}`, cents: 1999 });
export const isRefused = (name, order) => name === 'ship' && order.id.startsWith('undone');

export class Refusal extends Error {
  name = 'Refusal';
}

/** One step without what may go wrong: `isRefused` is asked before. */
export async function act(name, order) {
  counted.done += 1;
  return { ok: true, id: `${name}-${order.id}`, cents: order.cents };
}

export async function actOrRefuse(name, order) {
  if (isRefused(name, order)) throw new Refusal(`${name} was refused`);
  return act(name, order);
}

export async function undo() {
  counted.undone += 1;
}
