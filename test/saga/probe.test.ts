import { createRuntime, defineSaga, defineStep, sagaOf } from '@redress/core';
import type { ProbeAnswer, StepOptions } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const codeOf = (error: { code?: string }): string | undefined => error.code;

/** A pivot whose answer was lost, and a probe that answers one thing after the other. */
function asked(...answers: (() => unknown)[]) {
  const world = new World();
  const log: string[] = [];
  const hold = defineStep('hold', { compensate: () => void log.push('undo hold') }, async () => void log.push('hold'));
  const pay = defineStep(
    'pay',
    {
      pivot: true,
      irreversible: 'paid is paid',
      probe: async () => {
        log.push('probe');
        return ((answers.length > 1 ? answers.shift() : answers[0]) as () => ProbeAnswer<string>)();
      },
    },
    async (): Promise<string> => {
      log.push('pay');
      throw new Error('reset');
    },
  );
  const saga = defineSaga('asks', { id: () => 'x' }, async (run) => {
    await run.step(hold);
    return run.step(pay);
  });
  const process = world.process({ sagas: [saga], steps: [hold, pay] });
  return { world, log, saga, process };
}

const fails = (): never => {
  throw Object.assign(new Error('the bank answers 500'), { status: 500 });
};
const GARBAGE: readonly (readonly [string, () => unknown])[] = [
  ['fails', fails],
  ['answers nothing', () => undefined],
  ['answers an empty text', () => ''],
  ['answers an empty object', () => ({})],
  ['answers with a word that means nothing', () => ({ outcome: 'teapot' })],
  ['answers what is no object', () => 418],
  ['does not answer at all', () => new Promise(() => {})],
];

describe('E6 a probe that does not find out', () => {
  it.each(GARBAGE)('because it %s is asked again, and the run stays as it is', async (_how, garbage) => {
    const { world, log, saga, process } = asked(garbage, garbage, garbage, () => ({ outcome: 'done', result: 'paid' }));
    const end = process.runtime.run(saga, []).catch(codeOf);
    await world.clock.advance(120);
    if (_how === 'does not answer at all') await world.clock.advance(30_000);
    expect(log.filter((one) => one === 'probe').length).toBeGreaterThan(1);
    const before = await process.runtime.admin.show('asks', 'x');
    expect(before).toMatchObject({ status: 'running', pivot: 'undecided', steps: [{ outcome: 'done' }, { outcome: 'open' }] });
    expect(await world.clock.until(end)).toBe('paid');
    expect(log).toEqual(['hold', 'pay', 'probe', 'probe', 'probe', 'probe']);
  });

  it.each(GARBAGE)('because it always %s needs a person in the end', async (_how, garbage) => {
    const { world, log, saga, process } = asked(garbage);
    expect(await world.clock.until(process.runtime.run(saga, []).catch(codeOf))).toBe('SAGA_STUCK');
    expect(log).toEqual(['hold', 'pay', ...Array<string>(10).fill('probe')]);
  });

  it('because the outside cannot tell is asked no more: that is an answer', async () => {
    const { world, log, saga, process } = asked(() => ({ outcome: 'unknown' }));
    expect(await world.clock.until(process.runtime.run(saga, []).catch(codeOf))).toBe('SAGA_STUCK');
    expect(log).toEqual(['hold', 'pay', 'probe']);
  });
});

describe('K4 a step that must not be repeated and cannot be asked about', () => {
  const noop = async (): Promise<void> => {};
  const probe = async (): Promise<ProbeAnswer<void>> => ({ outcome: 'unknown' });
  const step = (name: string, options: Partial<StepOptions<[], void>> = {}) =>
    defineStep(name, { irreversible: 'a letter', ...options } as StepOptions<[], void>, noop);
  const start = (...steps: ReturnType<typeof step>[]) => {
    let list = sagaOf<void>('list');
    for (const one of steps) list = list.step(one) as typeof list;
    return createRuntime({ store: memoryStore(), sagas: [list.saga()], worker: false });
  };

  it('is refused at the start when it is the pivot of a list, or stands behind it', () => {
    expect(() => start(step('pay', { pivot: true, repeatable: false }))).toThrow(/saga list: pay [^]*must not be repeated/);
    expect(() => start(step('pay', { pivot: true }), step('mail', { repeatable: false }))).toThrow(
      /saga list: mail [^]*must not be repeated/,
    );
  });

  it('is accepted before the pivot, without a pivot, with a probe, or when it may be repeated', async () => {
    const fitting = [
      [step('mail', { repeatable: false }), step('pay', { pivot: true })],
      [step('mail', { repeatable: false })],
      [step('pay', { pivot: true, repeatable: false, probe })],
      [step('pay', { pivot: true }), step('mail', { repeatable: false, probe })],
      [step('pay', { pivot: true }), step('mail')],
      // What changes nothing can be looked at again, and its doubt does no harm.
      [step('pay', { pivot: true }), defineStep('look', { readOnly: true }, noop)],
    ];
    for (const steps of fitting) await expect(start(...steps).stop()).resolves.toBeUndefined();
  });

  it('leaves the run of a body stuck, forward, when its outcome is not known', async () => {
    for (const place of ['pivot', 'after'] as const) {
      const world = new World();
      let calls = 0;
      const fail = async (): Promise<void> => {
        calls += 1;
        throw new Error('reset');
      };
      const pay = defineStep('pay', { pivot: true, irreversible: 'paid', repeatable: place !== 'pivot' }, place === 'pivot' ? fail : noop);
      const mail = defineStep('mail', { irreversible: 'sent', repeatable: false }, fail);
      const saga = defineSaga('body', { id: () => 'x' }, async (run) => {
        await run.step(pay);
        await run.step(mail);
      });
      const { runtime } = world.process({ sagas: [saga], steps: [pay, mail] });
      const stuck = { code: 'SAGA_STUCK', details: { step: place === 'pivot' ? 'pay' : 'mail' } };
      await expect(world.clock.until(runtime.run(saga, []))).rejects.toMatchObject(stuck);
      expect(calls).toBe(1);
    }
  });
});
