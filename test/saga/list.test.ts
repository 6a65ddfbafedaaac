import { ConfigurationError, createRuntime, defineSaga, defineStep, sagaOf } from '@redress/core';
import type { StepOptions } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

describe('an ordered list of steps', () => {
  it('is a saga: each step gets the input and the result before it, and is undone when a later one fails', async () => {
    const world = new World();
    const log: string[] = [];
    async function debit(cents: number): Promise<string> {
      log.push(`debit ${cents}`);
      return 'debited';
    }
    async function credit(cents: number, before: string): Promise<string> {
      log.push(`credit ${cents} after ${before}`);
      if (cents > 100) throw new Error('limit');
      return 'credited';
    }
    const transfer = sagaOf<number>('transfer', { id: (cents) => `t-${cents}` })
      .step(debit, { compensate: async (undo) => void log.push(`undo debit ${undo.args[0]} ${undo.outcome}`) })
      .step(credit, { compensate: async (undo) => void log.push(`undo credit ${undo.outcome}`), undo: { total: true } })
      .saga();
    const { runtime } = world.process({ sagas: [transfer] });
    expect(await world.clock.until(runtime.run(transfer, [5]))).toBe('credited');
    await expect(world.clock.until(runtime.run(transfer, [500]))).rejects.toThrow(/limit/);
    expect(log).toEqual([
      'debit 5',
      'credit 5 after debited',
      'debit 500',
      'credit 500 after debited',
      'undo credit unknown',
      'undo debit 500 done',
    ]);
  });
});

describe('a step of a list that is taken when something holds', () => {
  it('B5 is skipped forward and backward when it does not hold, and the result before it stays', async () => {
    const world = new World();
    const log: string[] = [];
    const step = (name: string) =>
      defineStep(
        name,
        { compensate: async () => void log.push(`undo ${name}`), undo: { total: true } },
        async (_cents: number, before?: unknown) => {
          log.push(`${name} after ${String(before)}`);
          return name;
        },
      );
    const [debit, fee, credit] = [step('debit'), step('fee'), step('credit')];
    const list = sagaOf<number>('with a fee', { id: (cents) => `t-${cents}` })
      .step(debit)
      .stepWhen((cents) => cents >= 100, fee)
      .stepWhen((_cents, before) => before === 'fee', credit)
      .step(async (cents, before) => `${cents} ${before}`, { irreversible: 'told' })
      .saga();
    const { runtime } = world.process({ sagas: [list], steps: [] });
    expect(await world.clock.until(runtime.run(list, [5]))).toBe('5 debit');
    expect(await world.clock.until(runtime.run(list, [500]))).toBe('500 credit');
    expect(log.splice(0)).toEqual(['debit after undefined', 'debit after undefined', 'fee after debit', 'credit after fee']);
    const failing = sagaOf<number>('then fails', { id: (cents) => `t-${cents}` })
      .step(debit)
      .stepWhen((cents) => cents >= 100, fee)
      .step(async () => Promise.reject(new Error('no')), { readOnly: true })
      .saga();
    const other = world.process({ sagas: [failing] }).runtime;
    await world.clock.until(other.run(failing, [5]).catch(() => {}));
    expect(log).toEqual(['debit after undefined', 'undo debit']);
  });
});

describe('start-up', () => {
  const undo = async (): Promise<void> => {};
  const noop = async (): Promise<void> => {};

  it('K2 names every problem at once: duplicates, unfit names, a store that is too weak', () => {
    const a = defineStep('same', { readOnly: true }, noop);
    const b = defineStep('same', { compensate: undo }, noop);
    const odd = defineStep('a/b', { readOnly: true }, noop);
    const one = defineSaga('one', { requires: 'host' }, noop);
    const two = defineSaga('one', {}, noop);
    let error: unknown;
    try {
      createRuntime({ store: memoryStore(), sagas: [one, two], steps: [a, b, odd] });
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    const { problems, message } = error as ConfigurationError;
    expect(problems.map(({ subject }) => subject)).toEqual(['step same', 'step a/b', 'saga one', 'saga one']);
    expect(message).toContain('4 problems:');
    expect(message).toContain('sqliteStore(file)');
  });

  it('refuses options that do not fit, each by its name', () => {
    const bad = [
      () => defineStep('s', {} as StepOptions<[], void>, noop),
      () => defineStep('s', { readOnly: true, compensate: undo } as unknown as StepOptions<[], void>, noop),
      () => defineStep('s', { irreversible: '' }, noop),
      () => defineStep('s', { compensate: undo, undo: { maxRetries: -1 } }, noop),
      () => defineStep('s', { compensate: undo, undo: { timeout: '5 parsecs' as '5s' } }, noop),
      () => defineSaga('s', { version: 0 }, noop),
      () => createRuntime({ store: memoryStore(), lease: '1w' as '1s' }),
      () => createRuntime({ store: {} as ReturnType<typeof memoryStore> }),
      () => createRuntime({ store: memoryStore(), maxConcurrentRuns: 0 }),
    ];
    for (const make of bad) expect(make).toThrow(ConfigurationError);
  });

  it('K3 a step that the runtime does not know is refused before its intent', async () => {
    const world = new World();
    const stranger = defineStep('stranger', { compensate: undo }, noop);
    const saga = defineSaga('calls-it', { id: () => 'x' }, async (run) => run.step(stranger));
    const { runtime } = world.process({ sagas: [saga] });
    await expect(world.clock.until(runtime.run(saga, []))).rejects.toMatchObject({ cause: { code: 'CONFIG_INVALID' } });
    const types = (await world.store.load('calls-it/x'))?.entries.map(({ type }) => type);
    expect(types).not.toContain('step.started');
  });
});
