import { defineSaga, defineStep, TerminalError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

describe('a run that is stuck while a step is under way', () => {
  it('is called so when the step has ended, so that nothing runs beside what a person makes of it', async () => {
    const world = new World();
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid' }, async () => 'paid');
    const slow = defineStep(
      'slow',
      { readOnly: true },
      async () => new Promise<void>((resolve) => void world.clock.setTimer(500, resolve)),
    );
    const quick = defineStep('quick', { readOnly: true }, async () => 'quick');
    const saga = defineSaga('beside', { id: () => 'x' }, async (run) => {
      await run.step(pay);
      void run.step(slow).catch(() => {});
      await run.step(quick);
      throw new Error('no way on');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [pay, slow, quick] });
    const outcome = runtime.run(saga, []).catch((error: unknown) => error);
    const status = async (): Promise<string | undefined> => (await world.store.load('beside/x'))?.head.status;
    await world.clock.advance(400);
    expect(await status()).toBe('running');
    await world.clock.advance(200);
    expect(await status()).toBe('stuck');
    expect(await world.clock.until(outcome)).toMatchObject({ code: 'SAGA_STUCK' });
  });

  it('is called so at once when nothing but the step that it is stuck at was under way', async () => {
    const world = new World();
    const reset = async (): Promise<string> => Promise.reject(new Error('reset'));
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid', probe: async () => ({ outcome: 'unknown' }) }, reset);
    const print = defineStep('print', { irreversible: 'paper' }, async (): Promise<string> => Promise.reject(new TerminalError('never')));
    const ship = defineStep('ship', { pivot: true, irreversible: 'sent' }, async () => 'sent');
    const doubt = defineSaga('doubt', { id: () => 'x' }, (run) => run.step(pay));
    const past = defineSaga('past', { id: () => 'x' }, async (run) => (await run.step(ship)) + (await run.step(print)));
    const { runtime } = world.process({ sagas: [doubt, past], steps: [pay, print, ship] });
    for (const saga of [doubt, past]) {
      void runtime.run(saga, []).catch(() => {});
      await world.clock.advance(100);
      expect((await world.store.load(`${saga.name}/x`))?.head.status).toBe('stuck');
    }
  });
});
