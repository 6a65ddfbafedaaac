import { defineSaga, defineStep } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'changed her mind' };

describe('a cancel that waits for the pivot of a child', () => {
  it('comes too late when the child has passed it and ended before it was asked again', async () => {
    const world = new World();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, () => wait(2_000));
    const print = defineStep('print', { irreversible: 'paper' }, async () => {
      await wait(2_000);
      return 'printed';
    });
    const order = defineSaga('order', {}, async (run) => run.step(pay));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
      await run.child(order);
      return run.step(print);
    });
    const { runtime } = world.process({ sagas: [order, trip], steps: [pay, print], poll: 50 });
    const end = runtime.run(trip, []).catch((error: { code: string }) => error.code);
    await world.clock.advance(500);
    await runtime.admin.cancel('trip', 't', audit);
    expect(await world.clock.until(end, 60_000)).toBe('printed');
    expect(await runtime.admin.show('trip', 't')).toMatchObject({ status: 'completed', pivot: 'passed', cancelRequested: true });
  });
});
