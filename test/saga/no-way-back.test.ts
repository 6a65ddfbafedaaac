import { defineSaga, defineStep, RefusedError, SagaStuckError, TerminalError } from '@redress/core';
import type { RunContext, StepDefinition } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const WHO = { who: 'ada', why: 'looked it up' };

/** hold, then what the body is told to do with a pivot that takes a second. */
function shop(steps: readonly StepDefinition<[], unknown>[], body: (run: RunContext, pay: StepDefinition<[], string>) => Promise<unknown>) {
  const world = new World();
  const log: string[] = [];
  let refuse = false;
  const hold = defineStep('hold', { compensate: () => void log.push('undo hold'), undo: { total: true } }, async () => {});
  const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid' }, async () => {
    await new Promise<void>((resolve) => void world.clock.setTimer(1_000, resolve));
    if (refuse) throw new RefusedError('no money');
    log.push('pay');
    return 'paid';
  });
  const saga = defineSaga('shop', { id: () => 'x' }, async (run) => {
    await run.step(hold);
    return body(run, pay);
  });
  const options = { sagas: [saga], steps: [hold, pay, ...steps], lease: 5_000 as const };
  const process = world.process(options);
  const outcome = (): Promise<unknown> => world.clock.until(process.runtime.run(saga, []).catch((error: unknown) => error));
  const again = (): Promise<unknown> => world.clock.until(process.runtime.handle(saga, 'x').outcome());
  return { world, log, saga, options, process, outcome, again, refuse: () => (refuse = true) };
}

function failing(times: number, error: () => Error): { step: StepDefinition<[], unknown>; calls: () => number } {
  let calls = 0;
  const step = defineStep('print', { irreversible: 'paper' }, async () => {
    calls += 1;
    if (calls <= times) throw error();
    return 'printed';
  });
  return { step, calls: () => calls };
}

describe('a step that fails while the pivot is under way', () => {
  it('is repeated when the pivot has passed: there is no way back', async () => {
    const print = failing(3, () => new Error('no paper'));
    const { outcome, log } = shop([print.step], (run, pay) => Promise.all([run.step(pay), run.step(print.step)]));
    expect(await outcome()).toEqual(['paid', 'printed']);
    expect(print.calls()).toBe(4);
    expect(log).toEqual(['pay']);
  });

  it('has failed when the pivot is refused, and the run goes back', async () => {
    const print = failing(9, () => new RefusedError('no paper'));
    const { outcome, log, refuse, process } = shop([print.step], (run, pay) => Promise.all([run.step(pay), run.step(print.step)]));
    refuse();
    expect(await outcome()).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'no money' } });
    expect(print.calls()).toBe(1);
    expect(log).toEqual(['undo hold']);
    const { steps } = await process.runtime.admin.show('shop', 'x');
    expect(steps.map(({ operation, outcome: one }) => `${operation} ${one}`)).toEqual(['hold done', 'pay refused', 'print refused']);
  });

  it('that must not be repeated leaves the run stuck at it, and a person completes it', async () => {
    const print = failing(9, () => new TerminalError('never'));
    const { outcome, again, process } = shop([print.step], (run, pay) => Promise.all([run.step(pay), run.step(print.step)]));
    expect(await outcome()).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'print' } });
    await process.runtime.admin.completeStep('shop', 'x', 'print', 'by hand', WHO);
    expect(await again()).toEqual(['paid', 'by hand']);
  });

  it('is not over when the run is stuck at the pivot: who completes that lets it be repeated', async () => {
    const world = new World();
    const print = failing(1, () => new RefusedError('no paper'));
    let asked = 0;
    const pay = defineStep(
      'pay',
      {
        pivot: true,
        irreversible: 'paid is paid',
        probe: async () => {
          asked += 1;
          return { outcome: 'unknown' };
        },
      },
      async (): Promise<string> => {
        await new Promise<void>((resolve) => void world.clock.setTimer(1_000, resolve));
        throw new Error('reset');
      },
    );
    const saga = defineSaga('shop', { id: () => 'x' }, (run) => Promise.all([run.step(pay), run.step(print.step)]));
    const { runtime } = world.process({ sagas: [saga], steps: [pay, print.step] });
    const error = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'pay' } });
    expect(asked).toBe(1);
    await runtime.admin.completeStep('shop', 'x', 'pay', 'paid', WHO);
    expect(await world.clock.until(runtime.handle(saga, 'x').outcome())).toEqual(['paid', 'printed']);
    expect(print.calls()).toBe(2);
  });

  it('does not keep a process that stops', async () => {
    const print = failing(1, () => new Error('no paper'));
    const { world, process, outcome, options, saga } = shop([print.step], (run, pay) => Promise.all([run.step(pay), run.step(print.step)]));
    void outcome();
    await world.clock.advance(100);
    expect(print.calls()).toBe(1);
    const before = world.clock.monotonic();
    await world.clock.until(process.runtime.stop({ drain: '30s' }));
    expect(world.clock.monotonic() - before).toBeLessThan(1_100);
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toEqual(['paid', 'printed']);
  });
});

describe('after the pivot', () => {
  it('a step that must not be repeated, found interrupted, leaves the run stuck at it; a person completes it', async () => {
    let calls = 0;
    const mail = defineStep('mail', { irreversible: 'a letter', repeatable: false }, async () => {
      calls += 1;
      return new Promise<string>(() => {});
    });
    const { world, saga, options, process } = shop([mail], async (run, pay) => {
      await run.step(pay);
      return run.step(mail);
    });
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(2_000);
    expect(calls).toBe(1);
    process.kill();
    const two = world.process(options);
    const error = await world.clock.until(
      two.runtime
        .handle(saga, 'x')
        .outcome()
        .catch((one: unknown) => one),
    );
    expect(error).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'mail' }, undoError: { code: 'STEP_INTERRUPTED' } });
    expect(calls).toBe(1);
    await two.runtime.admin.completeStep('shop', 'x', 'mail', 'it was sent', WHO);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toBe('it was sent');
    expect(calls).toBe(1);
  });

  it('a step that was to begin beside it is not begun', async () => {
    let called = false;
    let life = 1;
    const mail = defineStep('mail', { irreversible: 'a letter', repeatable: false }, () => new Promise<string>(() => {}));
    const file = defineStep('file', { irreversible: 'paper' }, async () => void (called = true));
    const { world, saga, options, process } = shop([mail, file], async (run, pay) => {
      await run.step(pay);
      return Promise.all([run.step(mail), ...(life === 2 ? [run.step(file)] : [])]);
    });
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(2_000);
    process.kill();
    life = 2;
    const two = world.process(options);
    const error = await world.clock.until(
      two.runtime
        .handle(saga, 'x')
        .outcome()
        .catch((one: unknown) => one),
    );
    expect(error).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'mail' } });
    await world.clock.advance(60_000);
    expect(called).toBe(false);
  });

  it('a result that cannot be kept leaves the run stuck at its step; a person gives one that can', async () => {
    const print = defineStep('print', { irreversible: 'paper' }, async () => ({ tell: () => 'a function' }));
    const { outcome, again, process } = shop([print], async (run, pay) => {
      await run.step(pay);
      return run.step(print);
    });
    expect(await outcome()).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'print' }, undoError: { code: 'CODEC_FAILED' } });
    await process.runtime.admin.completeStep('shop', 'x', 'print', 'a page', WHO);
    expect(await again()).toBe('a page');
  });

  it('a result of the pivot itself that cannot be kept leaves the run stuck at it, and undoes nothing', async () => {
    const world = new World();
    const log: string[] = [];
    const hold = defineStep('hold', { compensate: () => void log.push('undo hold') }, async () => {});
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid is paid' }, async (): Promise<unknown> => () => 'a function');
    const saga = defineSaga('shop', { id: () => 'x' }, async (run) => {
      await run.step(hold);
      return run.step(pay);
    });
    const { runtime } = world.process({ sagas: [saga], steps: [hold, pay] });
    const error = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(error).toBeInstanceOf(SagaStuckError);
    expect(error).toMatchObject({ details: { step: 'pay' } });
    await runtime.admin.completeStep('shop', 'x', 'pay', 'paid', WHO);
    expect(await world.clock.until(runtime.handle(saga, 'x').outcome())).toBe('paid');
    expect(log).toEqual([]);
  });
});

describe('a result that cannot be kept, beside a pivot that is under way', () => {
  const odd = defineStep('odd', { irreversible: 'odd' }, async () => (() => 1) as unknown);

  it('waits for it: when it has passed, the run is stuck at the step', async () => {
    const { outcome, again, process } = shop([odd], (run, pay) => Promise.all([run.step(pay), run.step(odd)]));
    expect(await outcome()).toMatchObject({ code: 'SAGA_STUCK', details: { step: 'odd' } });
    await process.runtime.admin.completeStep('shop', 'x', 'odd', 'even', WHO);
    expect(await again()).toEqual(['paid', 'even']);
  });

  it('waits for it: when it is refused, the run goes back', async () => {
    const { outcome, refuse, process } = shop([odd], (run, pay) => Promise.all([run.step(pay), run.step(odd)]));
    refuse();
    expect(await outcome()).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'no money' } });
    const { steps } = await process.runtime.admin.show('shop', 'x');
    expect(steps.map(({ operation, outcome: one }) => `${operation} ${one}`)).toEqual(['hold done', 'pay refused', 'odd unknown']);
  });
});
