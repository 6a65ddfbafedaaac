import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { RunContext, StepDefinition } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const code = (error: { code: string }): string => error.code;

/** A pivot that is refused, and what a body makes of it. */
function shop(
  body: (run: RunContext, step: Readonly<Record<'pay' | 'a' | 'fails' | 'look', StepDefinition<[], unknown>>>) => Promise<unknown>,
) {
  const world = new World();
  const log: string[] = [];
  const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, async () => {
    log.push('pay');
    throw new RefusedError('no money');
  });
  const a = defineStep('a', { compensate: () => void log.push('undo a'), undo: { total: true } }, async () => 'a');
  const look = defineStep('look', { readOnly: true }, async () => 'seen');
  const fails = defineStep('fails', { readOnly: true }, async () => {
    throw new RefusedError('no');
  });
  const saga = defineSaga('shop', { id: () => 'x' }, (run) => body(run, { pay, a, fails, look }));
  const options = { sagas: [saga], steps: [pay, a, look, fails], poll: 50 };
  return { world, log, saga, options };
}

describe('a pivot that was refused', () => {
  for (const alwaysReplay of [false, true]) {
    it(`is none: a step with an undo may follow${alwaysReplay ? ', in a replay too' : ''}`, async () => {
      const { world, saga, options } = shop(async (run, { pay, a, look }) => {
        await run.step(pay).catch(() => {});
        const followed = await run.step(a).catch(() => 'refused');
        await run.sleep('1m');
        return [followed, await run.step(look)];
      });
      const { runtime } = world.process({ ...options, alwaysReplay });
      expect(await world.clock.until(runtime.run(saga, []).catch(code), 3_600_000)).toEqual(['a', 'seen']);
    });

    it(`counts until it is known${alwaysReplay ? ', in a replay too' : ''}`, async () => {
      const { world, saga, options } = shop(async (run, { pay, a, look }) => {
        const paid = run.step(pay).catch(() => {});
        const beside = await run.step(a).catch(code);
        await paid;
        await run.sleep('1m');
        return [beside, await run.step(look)];
      });
      const { runtime } = world.process({ ...options, alwaysReplay });
      expect(await world.clock.until(runtime.run(saga, []).catch(code), 3_600_000)).toEqual(['PIVOT_ORDER', 'seen']);
    });
  }
});

describe('a pivot that is called in the turn in which the body fails', () => {
  it('is not begun: the run goes back', async () => {
    const { world, log, saga, options } = shop((run, { a, pay, look, fails }) =>
      run.step(a).then(() => Promise.all([run.step(look).then(() => run.step(pay)), run.step(fails)])),
    );
    const { runtime } = world.process(options);
    expect(await world.clock.until(runtime.run(saga, []).catch(code), 60_000)).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo a']);
    const { steps, pivot } = await runtime.admin.show('shop', 'x');
    expect(steps.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'a done',
      'look done',
      'fails refused',
      'pay refused',
    ]);
    expect(pivot).toBe('none');
  });
});
