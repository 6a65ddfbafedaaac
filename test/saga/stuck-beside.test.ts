import { defineSaga, defineStep } from '@redress/core';
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
});
