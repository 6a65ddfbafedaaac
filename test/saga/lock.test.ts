import { defineSaga } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { openBank } from './accounts.js';
import type { Plan } from './accounts.js';
import type { Process } from './support.js';

const audit = { who: 'ann', why: 'a test' };
const busy = ['SAGA_COMPENSATED', 'ACCOUNT_BUSY'];
const refused = ['SAGA_COMPENSATED', 'REFUSED'];

describe('J5 the owner of a lock', () => {
  it('dies: the lock does not, and the run that goes on still has it', async () => {
    const { process, begin, attach, end, world, accounts, log } = openBank();
    const [one, two] = [process(), process()];
    void begin(one, { id: 'first', accounts: ['a'], workMs: 60_000 });
    await world.clock.advance(100);
    one.kill();
    await world.clock.advance(5_000);
    expect(two.events.filter(({ name }) => name === 'run.claimed')).toHaveLength(1);
    expect(await end(begin(two, { id: 'second', accounts: ['a'] }))).toEqual(busy);
    expect(accounts.holder('a')).toBe('transfer/first');
    expect(await end(attach(two, 'first'))).toBe('paid');
    expect(log).toEqual(['first holds a', 'first pays', 'first releases a']);
    expect(await end(begin(two, { id: 'third', accounts: ['a'] }))).toBe('paid');
  });

  it('dies between the mark and its record: the call is repeated, and is the owner’s', async () => {
    const { process, begin, attach, end, world, accounts, log, state, later } = openBank();
    const one = process();
    state.afterHold = async () => {
      one.kill();
      await later(60_000);
    };
    void begin(one, { id: 'first', accounts: ['a'] });
    await world.clock.advance(100);
    state.afterHold = async () => {};
    expect(await end(attach(process(), 'first'))).toBe('paid');
    expect(log.slice(0, 2)).toEqual(['first holds a', 'first holds a']);
    expect(accounts.of('a')).toMatchObject({ line: [], cents: 900 });
  });

  it.each(['pay', 'refuse'] as const)(
    'dies before or after any of its writes (%s): nobody else has it too early, and it is free in the end',
    async (how) => {
      // Before its first write the run does not exist.
      let point = 1;
      for (let died = true; died; point++) {
        const { process, begin, attach, end, world, options, accounts, log } = openBank();
        died = false;
        let writes = 0;
        const one: Process = world.process(options, (store) => ({
          async commit(change) {
            if (writes++ !== Math.floor(point / 2)) return store.commit(change);
            died = true;
            if (point % 2 === 1) await store.commit(change);
            one.kill();
            return new Promise(() => {});
          },
        }));
        const first = begin(one, { id: 'first', accounts: ['a', 'b'], end: how });
        await world.clock.advance(100);
        const two = process();
        const second = begin(two, { id: 'second', accounts: ['a', 'b'], take: 'wait' });
        expect(await end(died ? attach(two, 'first') : first), `point ${point}`).toEqual(how === 'pay' ? 'paid' : refused);
        expect(await end(second)).toBe('paid');
        // The second may have come first: then it was done before the first one began.
        const last = log.findLastIndex((line) => line === 'first pays' || line.startsWith('first credits'));
        expect(log.slice(log.indexOf('first holds a'), last), `point ${point}`).not.toContain('second holds a');
        expect(log).not.toContainEqual(expect.stringMatching(/^first credits a, held by (?!first)/));
        expect(accounts.of('a')).toMatchObject({ line: [], cents: how === 'pay' ? 800 : 900 });
        expect(accounts.holder('b')).toBeUndefined();
      }
      expect(point).toBeGreaterThan(12);
    },
  );
});

describe('J5 a lock is released on every ending', () => {
  const unfinished = { id: 'first', accounts: ['a', 'b'], workMs: 1_000 } as const;
  it.each<[string, Plan, (run: Running) => unknown, unknown]>([
    ['completed', unfinished, () => {}, 'paid'],
    ['compensated', { ...unfinished, end: 'refuse' }, () => {}, refused],
    ['cancelled', unfinished, ({ admin }) => admin.cancel('transfer', 'first', audit), ['SAGA_COMPENSATED', 'SAGA_CANCELLED']],
    [
      'cancelled while nobody was there',
      unfinished,
      async ({ one, admin, world }) => {
        one.kill();
        await admin.cancel('transfer', 'first', audit);
        await world.clock.advance(60_000);
      },
      ['SAGA_COMPENSATED', 'SAGA_CANCELLED'],
    ],
    ['stuck, and retried', { ...unfinished, end: 'refuse' }, stuckThen('retry'), refused],
    ['stuck, and marked by hand', { ...unfinished, end: 'refuse' }, stuckThen('markCompensated'), refused],
    ['stuck, and waived: mixed', { ...unfinished, end: 'refuse' }, stuckThen('waive'), ['SAGA_MIXED', 'REFUSED']],
  ])('%s', async (_ending, plan, meanwhile, expected) => {
    const at = openBank();
    const { process, begin, attach, end, world, accounts } = at;
    const [one, other] = [process(), world.process({ ...at.options, worker: false })];
    void begin(one, plan);
    await world.clock.advance(500);
    expect(accounts.holder('a')).toBe('transfer/first');
    await meanwhile({ ...at, one, admin: other.runtime.admin });
    const two = process();
    expect(await end(attach(two, 'first'))).toEqual(expected);
    expect([accounts.of('a').line, accounts.of('b').line]).toEqual([[], []]);
    expect(await end(begin(two, { id: 'second', accounts: ['b', 'a'] }))).toBe('paid');
  });

  type Running = ReturnType<typeof openBank> & { readonly one: Process; readonly admin: Process['runtime']['admin'] };

  /** The credit fails for good: the run is stuck and keeps its lock, until a person helps. */
  function stuckThen(verb: 'retry' | 'markCompensated' | 'waive') {
    return async ({ world, state, one, admin, accounts, attach, begin, end, process }: Running): Promise<void> => {
      state.creditFails = true;
      expect(await end(attach(one, 'first'))).toEqual(['SAGA_STUCK', 'REFUSED']);
      one.kill();
      await world.clock.advance(60_000);
      expect([accounts.holder('a'), accounts.holder('b')]).toEqual(['transfer/first', undefined]);
      expect(await end(begin(process(), { id: 'too early', accounts: ['a'], take: 'wait' }))).toEqual(busy);
      state.creditFails = verb !== 'retry';
      if (verb === 'retry') await admin.retry('transfer', 'first', audit);
      else if (verb === 'waive') await admin.waive('transfer', 'first', 'debit', audit);
      else await admin.markCompensated('transfer', 'first', 'debit', { ...audit, evidence: 'a receipt' });
    };
  }

  it('and a call that arrives after its undo does not take it', async () => {
    const { process, begin, attach, end, world, accounts, state, log, later } = openBank();
    const one = process();
    // The request is under way for a minute; meanwhile its process dies, and its run is cancelled and goes back.
    let arrived = false;
    state.beforeHold = () => later(60_000).then(() => void (arrived = true));
    void begin(one, { id: 'first', accounts: ['a'] });
    await world.clock.advance(100);
    await one.runtime.admin.cancel('transfer', 'first', audit);
    one.kill();
    expect(await end(attach(process(), 'first'))).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(arrived).toBe(false);
    await world.clock.advance(60_000);
    expect([arrived, log, accounts.of('a').line]).toEqual([true, ['first leaves a'], []]);
  });
});

describe('J5 a lock is its owner’s', () => {
  it('who may take it again, and has it until the first of its calls is undone', async () => {
    const { process, begin, end, accounts, log } = openBank();
    const one = process();
    expect(await end(begin(one, { id: 'first', accounts: ['a', 'a'], end: 'refuse' }))).toEqual(refused);
    expect(log).toEqual([
      ...['first holds a', 'first holds a'],
      ...['first credits a, held by first', 'first leaves a'],
      ...['first credits a, held by first', 'first leaves a'],
    ]);
    expect(await end(begin(one, { id: 'second', accounts: ['a', 'a'] }))).toBe('paid');
    expect(accounts.of('a')).toMatchObject({ line: [], cents: 800 });
  });

  it.each([
    ['before its pivot goes back', false, ['SAGA_COMPENSATED', 'NOT_THE_HOLDER'], 'compensated'],
    ['after its pivot is stuck', true, ['SAGA_STUCK', 'NOT_THE_HOLDER'], 'stuck'],
  ])('and another run that releases it %s', async (_what, over, expected, status) => {
    const { process, begin, end, told, world, options, steps, accounts } = openBank();
    const thief = defineSaga('thief', { id: () => 'x' }, async (run) => {
      if (over) await run.step(steps.pay, 'pay');
      await run.step(steps.release, 'a');
    });
    const first = begin(process(), { id: 'first', accounts: ['a'], workMs: 60_000 });
    await world.clock.advance(100);
    const two = world.process({ ...options, sagas: [thief] });
    expect(await end(told(two.runtime.run(thief, [])))).toEqual(expected);
    expect((await two.runtime.admin.show('thief', 'x')).status).toBe(status);
    expect(accounts.holder('a')).toBe('transfer/first');
    expect(await end(first)).toBe('paid');
  });

  it('and who has lost it to another is stuck at its undo: it says so, and takes nothing', async () => {
    const { process, begin, attach, end, world, accounts } = openBank();
    const one = process();
    const first = begin(one, { id: 'first', accounts: ['a'], workMs: 1_000, end: 'refuse' });
    await world.clock.advance(100);
    // Somebody has cleared the mark by hand.
    accounts.of('a').line = [];
    const second = begin(process(), { id: 'second', accounts: ['a'], workMs: 60_000 });
    expect(await end(first)).toEqual(['SAGA_STUCK', 'REFUSED']);
    const { steps } = await one.runtime.admin.show('transfer', 'first');
    expect(steps.find(({ undo }) => undo === 'stuck')).toMatchObject({ operation: 'hold' });
    expect(accounts.holder('a')).toBe('transfer/second');
    await one.runtime.admin.waive('transfer', 'first', 'hold', audit);
    expect(await end(attach(one, 'first'))).toEqual(['SAGA_MIXED', 'REFUSED']);
    expect(await end(second)).toBe('paid');
  });
});
