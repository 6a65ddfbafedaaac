import { currentScope, defineSaga, defineStep, RefusedError } from '@redress/core';
import { setTimeout as pause } from 'node:timers/promises';

/** How long after the decision an undo that is not total looks again, and how late an effect lands at most. */
const LOOK_MS = 250;
const LATE_MS = 60;

/** What a run of each scenario must come to, and which effects it leaves. */
export const ENDINGS = {
  forward: { status: 'completed', effects: ['charge', 'reserve', 'ship'] },
  refused: { status: 'compensated', effects: [] },
  unknown: { status: 'compensated', effects: [] },
  parallel: { status: 'compensated', effects: [] },
};

/** The sagas over an outside. `reach` is told of each place that a run comes by; `stepMs`: how long a step takes. */
export function scenarios(world, reach, stepMs) {
  const act = async (op, run) => {
    const { key } = currentScope().step;
    reach(run, `${op}, before`);
    if (stepMs > 0) await pause(stepMs);
    if (!world.act(run, op, key)) throw new RefusedError(`${key} is closed`);
    reach(run, `${op}, after`);
    return key;
  };
  const undoOf = (op, total) => async (undo) => {
    const [run] = undo.args;
    reach(run, `undo ${op}${undo.late ? ' late' : ''}, before`);
    world.undo(run, op, undo.key, undo.forwardKey, total);
    reach(run, `undo ${op}${undo.late ? ' late' : ''}, after`);
  };
  const total = (op) => defineStep(op, { compensate: undoOf(op, true), undo: { total: true, delay: 20 } }, (run) => act(op, run));
  const [reserve, charge, ship] = ['reserve', 'charge', 'ship'].map(total);
  const refuse = defineStep('refuse', { compensate: undoOf('refuse', true), undo: { total: true } }, async (run) => {
    reach(run, 'refuse, before');
    throw new RefusedError('no such address');
  });
  // Its answer is lost, and its effect comes after that.
  const book = defineStep('book', { compensate: undoOf('book', false), undo: { lateEffectMs: LOOK_MS } }, async (run) => {
    const { key } = currentScope().step;
    reach(run, 'book, before');
    setTimeout(() => world.act(run, 'book', key), LATE_MS).unref();
    throw new Error('no answer');
  });
  const sagas = [
    defineSaga('forward', { id: (run) => run }, async (saga, run) => {
      await saga.step(reserve, run);
      await saga.step(charge, run);
      return saga.step(ship, run);
    }),
    defineSaga('refused', { id: (run) => run }, async (saga, run) => {
      await saga.step(reserve, run);
      await saga.step(charge, run);
      return saga.step(refuse, run);
    }),
    defineSaga('unknown', { id: (run) => run }, async (saga, run) => {
      await saga.step(reserve, run);
      return saga.step(book, run);
    }),
    defineSaga('parallel', { id: (run) => run }, async (saga, run) => {
      await Promise.all([saga.step(reserve, run), saga.step(charge, run), saga.step(ship, run)]);
      return saga.step(refuse, run);
    }),
  ];
  return { sagas, steps: [reserve, charge, ship, refuse, book] };
}
