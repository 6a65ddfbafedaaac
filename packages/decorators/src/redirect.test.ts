import { createEnvironment } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Bank, Teller } from './bank.fixture.js';
import { Compensate, redress, Retry, Saga, Step, step } from './index.js';
import type { App, Undo } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

describe('outside of any saga', () => {
  it('a step is a plain call, without a runtime, and enters no scope', async () => {
    const bank = new Bank();
    expect(await bank.look()).toMatch(/^[\w-]{22}$/);
    expect(bank.scoped).toBe(false);
    expect(await bank.look()).not.toBe(await bank.look());
  });

  it('gives what the method gives, and throws as it throws', async () => {
    const bank = new Bank();
    expect(await bank.plain(false)).toBe(7);
    expect(() => bank.plain(true)).toThrow('at once');
  });

  it('keeps one key over the repetitions of one call, and takes another for the next call', async () => {
    const bank = new Bank();
    bank.failures = 2;
    expect(await bank.charge('ann')).toBe('charged ann');
    expect(await bank.charge('ann')).toBe('charged ann');
    expect(bank.attempts).toEqual([1, 2, 3, 1]);
    expect(new Set(bank.keys.slice(0, 3)).size).toBe(1);
    expect(new Set(bank.keys).size).toBe(2);
  });

  it('step() has a signal that is never aborted', () => {
    expect(step().signal.aborted).toBe(false);
    expect(step()).toMatchObject({ operation: '', attempt: 1 });
  });

  it('the outermost call owns the repetitions, unless it is told to multiply', async () => {
    const bank = new Bank();
    bank.failures = 99;
    await expect(bank.outer()).rejects.toThrow('reset');
    expect(bank.attempts).toEqual([1, 2, 3]);
    const other = new Bank();
    await expect(other.multiplies()).rejects.toThrow('reset');
    expect(other.attempts).toHaveLength(4);
  });

  it('a retry uses the clock of the only runtime', async () => {
    const bank = new Bank();
    const app = await redress({
      store: memoryStore(),
      instances: [bank],
      worker: false,
      environment: createEnvironment({ random: { next: () => 0, word: () => 'seeded' } }),
    });
    apps.push(app);
    await bank.charge('ann');
    expect(bank.keys).toEqual(['seeded']);
  });

  it('a saga without a runtime says what to do', async () => {
    await expect(new Teller(new Bank()).serve('t-1', 'charge')).rejects.toMatchObject({
      code: 'CONFIG_NO_RUNTIME',
      message: expect.stringContaining('Call await redress({ container, store }) before.'),
    });
  });

  it('a saga that was taken off its object says so', async () => {
    const { serve } = new Teller(new Bank());
    await expect(serve('t-1', 'charge')).rejects.toMatchObject({
      code: 'CONFIG_NO_INSTANCE',
      message: expect.stringContaining('this.method.bind(this)'),
    });
  });

  it('a saga of a stopped runtime is one without a runtime', async () => {
    const teller = new Teller(new Bank());
    const app = await redress({ store: memoryStore(), instances: [teller] });
    await app.stop();
    await expect(teller.serve('t-1', 'charge')).rejects.toMatchObject({ code: 'CONFIG_NO_RUNTIME' });
  });
});

describe('inside of a saga', () => {
  it('calls of this.method() in the body find their steps', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    await open(bank, teller);
    expect(await teller.serve('t-1', 'charge')).toBe('charged t-1');
    expect(bank.keys[0]).toMatch(/^Teller\.serve\/t-1~[\w-]+\/Bank\.charge$/);
  });

  it('the body gets what a replay would get: the checked input, and no object of the caller', async () => {
    class Parcels {
      given: unknown;
      @Saga({ input: z.object({ to: z.string().trim(), at: z.date() }) })
      async send(parcel: { to: string; at: Date }): Promise<void> {
        this.given = parcel;
      }
    }
    const parcels = new Parcels();
    await open(parcels);
    const at = new Date(5);
    await parcels.send({ to: ' Ann ', at });
    expect(parcels.given).toEqual({ to: 'Ann', at });
    expect((parcels.given as { at: Date }).at).not.toBe(at);
    await expect(parcels.send({ to: 1, at } as never)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('an attempt that ended unknown is told to the step, also when a later one succeeded', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    await open(bank, teller);
    bank.failures = 1;
    await expect(teller.serve('t-2', 'throws')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'after the charge' } });
    expect(bank.undone).toEqual(['done also unknown']);
  });

  it('a step called by a step is a part of it: the same key, no record of its own', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    const app = await open(bank, teller);
    const names: unknown[] = [];
    app.events.on('step.completed', (event) => names.push(event.step));
    const [key, looked, charged, after] = (await teller.serve('t-3', 'both')) as string[];
    expect([looked, charged, after]).toEqual([key, 'charged t-3', key]);
    expect(bank.keys).toEqual([key]);
    expect(names).toEqual(['Bank.both']);
  });

  it('an unknown attempt of a step within a step is told to the outer one', async () => {
    const bank = new Bank();
    class Outer {
      readonly undone: boolean[] = [];
      @Compensate((o: Outer) => o.undo, { total: true })
      async pay(): Promise<string> {
        return bank.charge('inner');
      }
      async undo(undo: Undo<Outer, 'pay'>): Promise<void> {
        this.undone.push(undo.alsoUnknown);
      }
      @Saga()
      async run(): Promise<void> {
        await this.pay();
        throw new Error('back');
      }
    }
    const outer = new Outer();
    await open(bank, outer);
    bank.failures = 1;
    await expect(outer.run()).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(outer.undone).toEqual([true]);
  });

  it('a step that fails and that nobody awaits fails the run, not the process', async () => {
    class Careless {
      @Step({ irreversible: 'it never works' })
      async fail(): Promise<void> {
        throw new Error('unheard');
      }
      @Saga()
      async run(): Promise<string> {
        void this.fail();
        return 'careless';
      }
    }
    const careless = new Careless();
    await open(careless);
    const seen: unknown[] = [];
    const listen = (error: unknown): void => void seen.push(error);
    process.on('unhandledRejection', listen);
    await expect(careless.run()).rejects.toMatchObject({ cause: { message: 'unheard' } });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(seen).toEqual([]);
  });

  it('step() in the body, outside of a step, is refused', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    await open(bank, teller);
    await expect(teller.serve('t-4', 'step')).rejects.toMatchObject({ cause: { code: 'CONFIG_NO_STEP' } });
  });

  it('a saga is a step of it: a run of its own, with the same journal rules', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    const app = await open(bank, teller);
    expect(await teller.serve('t-5', 'nested')).toBe('charged t-5-child');
    const runs = (await app.admin.list({ saga: 'Teller.serve' })).runs.map(({ id }) => id.replace(/~.*\//, '~/'));
    expect(runs).toEqual(['Teller.serve/t-5~/@saga Teller.serve', 't-5']);
  });

  it('a method that is repeated and no step stays in the body: its steps are recorded', async () => {
    const bank = new Bank();
    class Helper {
      @Retry({ maxRetries: 1, delay: 0 })
      async help(): Promise<string> {
        return bank.charge('through a helper');
      }
      @Saga()
      async run(): Promise<string> {
        return this.help();
      }
    }
    const helper = new Helper();
    await open(bank, helper);
    expect(await helper.run()).toBe('charged through a helper');
    expect(bank.keys[0]).toMatch(/\/Bank\.charge$/);
  });

  it('a step of a class that the runtime does not know is refused before it runs', async () => {
    const bank = new Bank();
    const teller = new Teller(bank);
    await open(teller);
    await expect(teller.serve('t-6', 'charge')).rejects.toMatchObject({
      cause: { code: 'CONFIG_UNKNOWN_CLASS', message: expect.stringContaining('List it: redress({ classes: [Bank], … })') },
    });
    expect(bank.keys).toEqual([]);
  });
});
