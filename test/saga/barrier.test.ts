import { currentScope, defineSaga, defineStep } from '@redress/core';
import type { UndoOf } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Outside, shop } from './shop.js';
import type { Process } from './support.js';
import { World } from './support.js';

const key = (): string => currentScope()?.step?.key ?? '';
const codeOf = (error: { code?: string }): string | undefined => error.code;
const later = (world: World, ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));

describe('an effect that is asked for more than once', () => {
  it('F4 an undo that is delivered five times, all in flight at once, is one effect under one key, and one ending', async () => {
    const world = new World();
    const processes: Process[] = [];
    const accounts = new Map<string, number>();
    const delivered: string[] = [];
    const ended: string[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const pay = defineStep(
      'pay',
      {
        compensate: async (undo: UndoOf<[number], number>) => {
          delivered.push(undo.key);
          // The bank keeps the key of each refund.
          if (!accounts.has(undo.key)) accounts.set(undo.key, undo.args[0]);
          if (delivered.length < 5) {
            processes.at(-1)?.kill();
            await gate;
          } else {
            open();
          }
          ended.push(undo.key);
        },
        undo: { total: true, timeout: '1h' },
      },
      async (cents: number) => cents,
    );
    const saga = defineSaga('refunds', { id: () => 'x' }, async (run) => {
      await run.step(pay, 500);
      throw new Error('back');
    });
    const options = { sagas: [saga], steps: [pay], lease: 1_000 as const, poll: 50 };
    processes.push(world.process(options));
    void processes[0]?.runtime.run(saga, []).catch(() => {});
    for (let i = 0; i < 4; i++) {
      await world.clock.advance(500);
      processes.push(world.process(options));
      await world.clock.advance(2_000);
    }
    const last = processes.at(-1) as Process;
    expect(await world.clock.until(last.runtime.handle(saga, 'x').outcome().catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(delivered).toHaveLength(5);
    expect([...accounts]).toEqual([[delivered[0], 500]]);
    expect(ended).toHaveLength(5);
    const entries = (await world.store.load('refunds/x'))?.entries.map(({ type }) => type) ?? [];
    expect(entries.filter((type) => type === 'undo.completed' || type === 'saga.compensated')).toEqual([
      'undo.completed',
      'saga.compensated',
    ]);
  });

  it('F5 a step that had its effect far away and then threw is undone, without a result', async () => {
    const world = new World();
    const outside = new Outside();
    const { saga, options } = shop(outside, key);
    outside.hook = (point) => {
      if (point === 'charge:after') throw new TypeError('the answer cannot be read');
    };
    expect(await world.clock.until(world.process(options).runtime.run(saga, ['x']).catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(outside.log).toEqual(['reserve', 'charge', 'undo charge?', 'undo reserve']);
    expect(outside.state).toBe('none');
  });

  it('F7 a debit that is replayed answers its stored success, although the balance is too low by now', async () => {
    const world = new World();
    let balance = 100;
    let calls = 0;
    const debit = defineStep(
      'debit',
      { compensate: (undo: UndoOf<[number], string>) => void (balance += undo.args[0]) },
      async (cents: number) => {
        calls += 1;
        if (balance < cents) throw new Error('too low');
        balance -= cents;
        return `debit of ${cents}`;
      },
    );
    const wait = defineStep('wait', { readOnly: true }, () => later(world, 400));
    const saga = defineSaga('debits', { id: () => 'x' }, async (run) => {
      const receipt = await run.step(debit, 80);
      await run.step(wait);
      return receipt;
    });
    const options = { sagas: [saga], steps: [debit, wait], lease: 1_000 as const, poll: 50 };
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    expect(balance).toBe(20);
    one.kill();
    expect(await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome())).toBe('debit of 80');
    expect({ calls, balance }).toEqual({ calls: 1, balance: 20 });
  });
});

describe('F15 an effect that lands after its undo has looked for it', () => {
  /** A charge whose answer is lost, and that lands `ms` after it was sent, unless its key was closed. */
  async function lateCharge(total: boolean, ms: number) {
    const world = new World();
    const landed = new Set<string>();
    const closed = new Set<string>();
    const log: string[] = [];
    const charge = defineStep(
      'charge',
      {
        compensate: async (undo: UndoOf<[], string>) => {
          log.push(
            `${undo.late ? 'late undo' : 'undo'} ${undo.outcome} ${undo.result}: ${landed.delete(undo.forwardKey) ? 'paid back' : 'nothing'}`,
          );
          if (total) closed.add(undo.forwardKey);
        },
        undo: total ? { total } : {},
      },
      async (): Promise<string> => {
        const sent = key();
        void later(world, ms).then(() => {
          log.push(closed.has(sent) ? 'cannot land' : 'lands');
          if (!closed.has(sent)) landed.add(sent);
        });
        throw Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
      },
    );
    const saga = defineSaga('late', { id: () => 'x' }, async (run) => run.step(charge));
    const { runtime } = world.process({ sagas: [saga], steps: [charge] });
    const end = await world.clock.until(runtime.run(saga, []).catch(codeOf));
    const endedAt = world.clock.monotonic();
    await world.clock.advance(120_000);
    return { end, endedAt, log, landed };
  }

  it('is undone by the second look, and the run has not ended before', async () => {
    const { end, endedAt, log, landed } = await lateCharge(false, 20_000);
    expect(end).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo unknown undefined: nothing', 'lands', 'late undo unknown undefined: paid back']);
    expect(endedAt).toBeGreaterThanOrEqual(40_000);
    expect(landed.size).toBe(0);
  });

  it('cannot land when the undo is total: there is no second look', async () => {
    const { end, endedAt, log, landed } = await lateCharge(true, 20_000);
    expect(end).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo unknown undefined: nothing', 'cannot land']);
    expect(endedAt).toBeLessThan(1_000);
    expect(landed.size).toBe(0);
  });
});
