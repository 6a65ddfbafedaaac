import { defineSaga, defineStep, RefusedError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Mail, Orders, Outside, Payments, shop, Stock } from '../shop.fixture.js';
import { ProcessCrashedError } from './crash-points.js';
import { Recovery } from './recovery.js';
import { testRecovery } from './test-recovery.js';

const order = { id: 'o-1', cents: 500 };
const ALL = { units: 9, cents: 500, mails: ['o-1'] };
const NOTHING = { units: 10, cents: 0, mails: [] };

describe('testRecovery', () => {
  it('runs a saga, and says what it did', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    expect(await t.run(Orders, (s) => s.place(order))).toBe('charge of o-1');
    expect(t.saga('o-1')).toBeCompleted();
    expect(t.saga('o-1')).toHaveRun(['Stock.reserve', 'Payments.charge', 'Mail.send']);
    expect(t.saga({ saga: 'Orders.place', id: 'o-1' }).result).toBe('charge of o-1');
    expect(outside.snapshot()).toEqual(ALL);
    expect(t.calls(Payments, 'charge')).toMatchObject([
      { direction: 'forward', args: [order], saga: 'Orders.place', id: 'o-1', attempt: 1 },
    ]);
    expect(t.events.map(({ name }) => name)).toContain('saga.completed');
  });

  it('failAt: the step throws instead of running, so often', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    const fault = t.failAt(Payments, 'charge', new RefusedError('declined'), { times: 2 });
    for (const id of ['o-1', 'o-2']) {
      await expect(t.run(Orders, (s) => s.place({ ...order, id }))).rejects.toThrow('declined');
      expect(t.saga(id)).toBeCompensated();
      expect(t.saga(id)).toHaveUndone(['Stock.reserve']);
    }
    expect(await t.run(Orders, (s) => s.place({ ...order, id: 'o-3' }))).toBe('charge of o-3');
    expect(fault.fired).toBe(2);
  });

  it('failAt: in one run only', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    t.failAt(Stock, 'reserve', new RefusedError('none left'), { id: 'o-2' });
    await t.run(Orders, (s) => s.place(order));
    await t.run(Orders, (s) => s.place({ ...order, id: 'o-2' })).catch(() => {});
    expect(t.saga('o-1')).toBeCompleted();
    expect(t.saga('o-2')).toBeCompensated();
  });

  it('failAt at an undo: the undo is repeated', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    t.failAt(Mail, 'send', new RefusedError('no such address'));
    t.failAt(Payments, 'refund', new Error('not now'), { times: 3 });
    await expect(t.run(Orders, (s) => s.place(order))).rejects.toThrow('no such address');
    expect(t.saga('o-1')).toHaveUndone(['Payments.charge', 'Stock.reserve']);
    expect(t.calls(Payments, 'refund').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(outside.snapshot()).toEqual(NOTHING);
  });

  it('unknownAt: the effect is there, and the answer is not', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    t.unknownAt(Payments, 'charge');
    await t.run(Orders, (s) => s.place(order)).catch(() => {});
    expect(t.saga('o-1').steps).toMatchObject([{ outcome: 'done' }, { outcome: 'unknown' }]);
    expect(t.saga('o-1')).toHaveUndone(['Payments.charge', 'Stock.reserve']);
    expect(outside.answers.size).toBe(2);
    expect(outside.snapshot()).toEqual(NOTHING);
  });

  it('unknownAt, effect: false: the call was lost on its way', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    t.unknownAt(Payments, 'charge', { effect: false });
    await t.run(Orders, (s) => s.place(order)).catch(() => {});
    expect(t.saga('o-1')).toHaveUndone(['Payments.charge', 'Stock.reserve']);
    expect(outside.answers.size).toBe(1);
  });

  it.each(['before:charge', 'after:charge'] as const)('crashAt %s: the caller hears of it, and another process goes on', async (point) => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    const crash = t.crashAt(Payments, point);
    await expect(t.run(Orders, (s) => s.place(order))).rejects.toThrow(ProcessCrashedError);
    expect(crash.fired).toBe(true);
    expect(outside.cents).toBe(point === 'after:charge' ? 500 : 0);
    expect(t.saga('o-1')).toBeRunning();
    await t.restart();
    await t.settle();
    expect(t.saga('o-1')).toBeCompleted();
    expect(t.saga('o-1').steps[1]).toMatchObject({ outcome: 'done', alsoUnknown: true });
    expect(outside.snapshot()).toEqual(ALL);
  });

  it('crashAt takes the class of the saga, an undo, or a write', async () => {
    const points = [
      [Orders, 'before:send'],
      [Payments, 'after:refund'],
      ['after:undo Stock.reserve'],
      ['before:write 2'],
      ['after:write'],
    ] as const;
    for (const [one, two] of points) {
      const outside = new Outside();
      await using t = await testRecovery({ instances: shop(outside) });
      if (typeof one === 'string') t.crashAt(one);
      else t.crashAt(one, two);
      t.failAt(Mail, 'send', new RefusedError('no such address'), { times: 9 });
      await expect(t.run(Orders, (s) => s.place(order))).rejects.toThrow(ProcessCrashedError);
      await t.restart();
      await t.settle();
      expect(t.saga('o-1')).toBeCompensated();
      expect(outside.snapshot()).toEqual(NOTHING);
    }
  });

  it('a crash before the first write leaves nothing', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    t.crashAt('before:write started, step:1');
    await t.run(Orders, (s) => s.place(order)).catch(() => {});
    await t.restart();
    await t.settle();
    expect(t.saga('o-1').status).toBe('absent');
    expect(String(t.saga('o-1'))).toBe('"o-1" does not exist');
  });

  it('hangAt: until the owner has to stop', async () => {
    const outside = new Outside();
    await using t = await testRecovery({ instances: shop(outside) });
    t.hangAt(Payments, 'charge');
    const handle = await t.start(Orders, (s) => s.place(order));
    await t.advance('1h');
    expect(t.saga('o-1')).toBeRunning();
    const frozen = t.process;
    frozen.pause();
    await t.spawn();
    await t.settle();
    expect(t.saga('o-1')).toBeCompleted();
    frozen.resume();
    expect(await handle.outcome()).toBe('charge of o-1');
    expect(outside.snapshot()).toEqual(ALL);
  });

  it('settle says so when a run can never end', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()), seed: 5 });
    t.hangAt(Payments, 'charge');
    await t.start(Orders, (s) => s.place(order));
    await expect(t.settle()).rejects.toThrow(
      /No journal has grown for a week.*Orders\.place "o-1" is running \(Stock\.reserve done, Payments\.charge open\).*seed 5/s,
    );
    t.process.kill();
    await expect(t.settle()).rejects.toThrow(/No process is alive/);
  });

  it('virtual time: an undo with pauses of half a minute takes none', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    t.failAt(Mail, 'send', new RefusedError('no'));
    t.failAt(Stock, 'release', new Error('down for a day'), { times: 2000 });
    await t.run(Orders, (s) => s.place(order)).catch(() => {});
    expect(t.clock.monotonic()).toBeGreaterThan(8 * 3_600_000);
    expect(t.saga('o-1')).toBeCompensated();
  });

  it('the same seed gives the same run', async () => {
    const keys = async (seed: number): Promise<string | undefined> => {
      await using t = await testRecovery({ instances: shop(new Outside()), seed });
      await t.run(Orders, (s) => s.place(order));
      return t.saga('o-1').steps[0]?.key;
    };
    expect(await keys(3)).toBe(await keys(3));
    expect(await keys(3)).not.toBe(await keys(4));
  });

  it('takes sagas and steps of plain functions', async () => {
    const undone: string[] = [];
    const hold = defineStep('hold', { compensate: async () => void undone.push('hold') }, async (n: number) => n + 1);
    const pay = defineStep('pay', { irreversible: 'paid' }, async () => 'paid');
    const saga = defineSaga('buy', {}, async (run, n: number) => `${await run.step(hold, n)} ${await run.step(pay)}`);
    await using t = await testRecovery({ sagas: [saga], steps: [hold, pay] });
    expect(await t.run(saga, [1], { id: 'a' })).toBe('2 paid');
    t.failAt(pay, new RefusedError('no'));
    t.failAt('undo hold', new Error('later'));
    await t.run(saga, [1], { id: 'b' }).catch(() => {});
    expect(t.saga('b')).toHaveUndone(['hold']);
    expect(t.calls('undo hold')).toHaveLength(2);
    expect(undone).toEqual(['hold']);
  });

  it('settle: sleeps pass, and who waits for a signal is left waiting', async () => {
    const saga = defineSaga('review', {}, async (run) => {
      await run.sleep('3d');
      return run.receive('decision');
    });
    await using t = await testRecovery({ sagas: [saga] });
    const handle = await t.start(saga, [], { id: 'r-1' });
    await t.advance('2d');
    expect(t.saga('r-1').steps).toMatchObject([{ operation: '@sleep', outcome: 'open' }]);
    await t.restart();
    await t.settle();
    expect(t.clock.monotonic()).toBeGreaterThanOrEqual(3 * 86_400_000);
    expect(t.clock.monotonic()).toBeLessThan(3 * 86_400_000 + 60_000);
    expect(t.saga('r-1')).toBeRunning();
    await t.app.signal('review', 'r-1', 'decision', 'yes');
    await t.settle();
    expect(t.saga('r-1').result).toBe('yes');
    await expect(handle.outcome()).rejects.toThrow(ProcessCrashedError);
  });

  it('a held run waits for a person', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    t.crashAt(Payments, 'before:charge');
    await t.run(Orders, (s) => s.place(order)).catch(() => {});
    await t.restart();
    await t.app.admin.hold('Orders.place', 'o-1', { who: 'ann', why: 'to look at it' });
    await t.settle();
    expect(t.saga('o-1')).toBeRunning();
    await t.app.admin.release('Orders.place', 'o-1', { who: 'ann', why: 'it is fine' });
    await t.settle();
    expect(t.saga('o-1')).toBeCompleted();
  });

  it('matchers say what the run did', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    await t.run(Orders, (s) => s.place(order));
    expect(() => expect(t.saga('o-1')).toBeCompensated()).toThrow(
      'Expected the run to be compensated. Orders.place "o-1" is completed (Stock.reserve done, Payments.charge done, Mail.send done).',
    );
    expect(() => expect(t.saga('o-1')).toHaveUndone(['Mail.send'])).toThrow('have undone, in this order: Mail.send');
    expect(() => expect(t.saga('o-1')).not.toBeCompleted()).toThrow('not to be completed');
    expect(() => expect(t.saga('o-2')).toBeRunning()).toThrow('"o-2" does not exist');
    expect(t.saga('o-1')).not.toBeStuck();
    expect(t.saga('o-1')).not.toBeRunning();
    expect(t.saga('o-1')).not.toHaveRun(['Payments.charge', 'Stock.reserve', 'Mail.send']);
  });

  it('refuses a method that is no step, and a call of none', async () => {
    await using t = await testRecovery({ instances: shop(new Outside()) });
    expect(() => t.failAt(Orders, 'place', new Error('no'))).toThrow('Orders.place is neither a step nor an undo');
    await expect(t.run(Orders, async () => 1)).rejects.toThrow('no method was called');
  });

  it('leaves nothing behind that would hold the next test', async () => {
    const instances = shop(new Outside());
    for (let i = 0; i < 3; i++) {
      await using t = await Recovery.open({ instances });
      expect(await t.run(Orders, (s) => s.place(order))).toBe('charge of o-1');
    }
  });
});
