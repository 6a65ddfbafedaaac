import { currentScope, defineSaga, defineStep, retry } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { AccountChanged, openBank } from './accounts.js';
import type { Plan } from './accounts.js';
import type { Process } from './support.js';

const busy = ['SAGA_COMPENSATED', 'ACCOUNT_BUSY'];

describe('J5 a run that wants what another one holds', () => {
  it.each<[Plan['take'], number, { ending: unknown; heldBy: string | undefined; between: [ms: number, ms: number] }]>([
    ['fail', 1_000, { ending: busy, heldBy: 'transfer/first', between: [100, 200] }],
    ['wait', 1_000, { ending: 'paid', heldBy: undefined, between: [1_000, 2_000] }],
    ['wait', 60_000, { ending: busy, heldBy: 'transfer/first', between: [2_000, 10_100] }],
    ['queue', 60_000, { ending: 'paid', heldBy: undefined, between: [60_000, 121_000] }],
  ])('does as its step says: %s, while the other works for %i ms', async (take, workMs, { ending, heldBy, between: [from, to] }) => {
    const { process, begin, end, world, accounts, log } = openBank();
    const [one, two] = [process(), process()];
    const first = begin(one, { id: 'first', accounts: ['a'], workMs });
    await world.clock.advance(100);
    expect(await end(begin(two, { id: 'second', accounts: ['a'], take }))).toEqual(ending);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(from);
    expect(world.clock.monotonic()).toBeLessThanOrEqual(to);
    // What was refused has nothing to undo.
    expect([accounts.holder('a'), log.includes('second leaves a')]).toEqual([heldBy, false]);
    expect(await end(first)).toBe('paid');
    expect(accounts.of('a')).toMatchObject({ line: [], cents: ending === 'paid' ? 800 : 900 });
  });

  it('and queues has it in its turn, and nobody keeps it in memory meanwhile', async () => {
    const { process, begin, end, world, log } = openBank();
    const [one, two] = [process(), process()];
    const ends = [begin(one, { id: 'first', accounts: ['a'], workMs: 90_000 })];
    // Each looks once a minute: the last one would find the account free before those that came earlier do.
    for (const id of ['second', 'third', 'fourth']) {
      await world.clock.advance(id === 'fourth' ? 29_500 : 100);
      ends.push(begin(id === 'third' ? one : two, { id, accounts: ['a'], take: 'queue', workMs: 10_000 }));
    }
    await world.clock.advance(100);
    for (const id of ['second', 'third', 'fourth'])
      expect((await world.store.load(`transfer/${id}`, { limit: 0 }))?.head).toMatchObject({ status: 'running', owner: null });
    expect(await end(Promise.all(ends))).toEqual(['paid', 'paid', 'paid', 'paid']);
    expect(log.filter((line) => line.endsWith('pays'))).toEqual(['first pays', 'second pays', 'third pays', 'fourth pays']);
  });

  it('and dies while it waits has never held it: its undo takes nothing from who does', async () => {
    const { process, begin, attach, end, world, accounts, log } = openBank();
    const [one, two] = [process(), process()];
    const first = begin(one, { id: 'first', accounts: ['a'], workMs: 60_000 });
    await world.clock.advance(100);
    void begin(two, { id: 'second', accounts: ['a'], take: 'wait' });
    await world.clock.advance(1_000);
    two.kill();
    const three = process();
    expect(await end(attach(three, 'second'))).toEqual(busy);
    // An attempt was interrupted, so a refusal settled nothing.
    expect((await three.runtime.admin.show('transfer', 'second')).steps).toMatchObject([{ outcome: 'unknown', undo: 'undone' }]);
    expect(log.filter((line) => line.includes('leaves'))).toEqual(['second leaves a']);
    expect(accounts.holder('a')).toBe('transfer/first');
    expect(await end(first)).toBe('paid');
  });
});

describe('J6 two runs that hold what the other one wants', () => {
  const crossed = { take: 'wait', workMs: 100 } as const;

  it('do not wait for ever: one gives up and goes back, the other goes on, and the victim is started again', async () => {
    const victims: string[] = [];
    for (let offset = 0; offset < 20; offset++) {
      const { process, begin, end, world, accounts } = openBank();
      const processes = [process(), process()] as const;
      // By turns, for each has a seed of its own, and with it its pauses.
      const [one, two] = offset % 2 === 0 ? processes : [processes[1], processes[0]];
      const first = begin(one, { id: 'first', accounts: ['a', 'b'], ...crossed });
      await world.clock.advance(offset);
      const second = begin(two, { id: 'second', accounts: ['b', 'a'], ...crossed });
      await world.clock.advance(150);
      expect([accounts.holder('a'), accounts.holder('b')]).toEqual(['transfer/first', 'transfer/second']);
      const ends = await end(Promise.all([first, second]));
      expect([ends, offset]).toContainEqual(expect.arrayContaining(['paid', busy]));
      expect([accounts.of('a').line, accounts.of('b').line]).toEqual([[], []]);
      const [id, own] = (ends as unknown[])[0] === 'paid' ? (['second', ['b', 'a']] as const) : (['first', ['a', 'b']] as const);
      victims.push(id);
      // The same id is the same run, which has ended. Another one is another try.
      expect(await end(begin(two, { id, accounts: own, ...crossed }))).toEqual(busy);
      expect(await end(begin(two, { id: `${id} again`, accounts: own, ...crossed }))).toBe('paid');
      expect(accounts.of('a').cents + accounts.of('b').cents).toBe(1_800);
    }
    expect(new Set(victims)).toEqual(new Set(['first', 'second']));
  });

  it('and whose callers try again, after more than the pause between two looks, are both done with one victim', async () => {
    for (let offset = 0; offset < 20; offset++) {
      const { process, begin, end, world, later } = openBank();
      let victims = 0;
      const insist = async (at: Process, id: string, accounts: readonly string[]): Promise<void> => {
        const ended = await begin(at, { id: `${id}, ${victims}`, accounts, ...crossed });
        if (ended === 'paid') return;
        victims += 1;
        await later(600);
        await insist(at, id, accounts);
      };
      const first = insist(process(), 'first', ['a', 'b']);
      await world.clock.advance(offset);
      await end(Promise.all([first, insist(process(), 'second', ['b', 'a'])]));
      expect(victims).toBe(1);
    }
  });

  it('and one of which dies: the other gives up, and what died finds its lock as it left it', async () => {
    const { process, begin, attach, end, world, accounts } = openBank();
    const [one, two] = [process(), process()];
    void begin(one, { id: 'first', accounts: ['a', 'b'], ...crossed });
    void begin(two, { id: 'second', accounts: ['b', 'a'], ...crossed });
    await world.clock.advance(150);
    one.kill();
    two.kill();
    await world.clock.advance(60_000);
    expect([accounts.holder('a'), accounts.holder('b')]).toEqual(['transfer/first', 'transfer/second']);
    const three = process();
    const ends = await end(Promise.all(['first', 'second'].map((id) => attach(three, id))));
    expect(ends).toEqual(expect.arrayContaining(['paid', busy]));
    expect([accounts.of('a').line, accounts.of('b').line]).toEqual([[], []]);
  });

  it('and wait without a limit: a deadline names the victim', async () => {
    const { process, end, told, transfer, world, accounts } = openBank();
    const [one, two] = [process(), process()];
    const queue = { take: 'queue', workMs: 100 } as const;
    const first = told(one.runtime.run(transfer, [{ id: 'first', accounts: ['a', 'b'], ...queue }], { deadline: '3m' }));
    const second = told(two.runtime.run(transfer, [{ id: 'second', accounts: ['b', 'a'], ...queue }]));
    await world.clock.advance(150_000);
    expect([accounts.of('a'), accounts.of('b')]).toMatchObject([{ line: [{}, {}] }, { line: [{}, {}] }]);
    expect(await end(Promise.all([first, second]))).toEqual([['SAGA_COMPENSATED', 'SAGA_DEADLINE'], 'paid']);
    expect([accounts.of('a').line, accounts.of('b').line]).toEqual([[], []]);
  });

  it('do not meet when all take locks in one order', async () => {
    for (let offset = 0; offset < 20; offset++) {
      const { process, begin, end, world } = openBank();
      const first = begin(process(), { id: 'first', accounts: ['b', 'a'].toSorted(), ...crossed });
      await world.clock.advance(offset);
      const second = begin(process(), { id: 'second', accounts: ['a', 'b'].toSorted(), ...crossed });
      expect(await end(Promise.all([first, second]))).toEqual(['paid', 'paid']);
    }
  });
});

/** Reads an account, works, looks whether it is as it was, and pays. */
function reader() {
  const at = openBank();
  const { accounts, steps, log } = at;
  const state = { lost: false };
  const policies = [retry({ maxRetries: 5, retryOn: [AccountChanged, 'ECONNRESET'], delay: 10 })];
  const look = (account: string, version: number): void => {
    log.push(`looks at version ${accounts.of(account).version}`);
    if (accounts.of(account).version !== version) throw new AccountChanged(account);
  };
  const read = defineStep('read', { readOnly: true }, async (account: string) => accounts.of(account).version);
  const reread = defineStep('reread', { readOnly: true, policies }, async (account: string, version: number) => look(account, version));
  /** The same with an effect: what the outside answers first is lost on the way. */
  const claim = defineStep(
    'claim',
    {
      policies,
      undo: { total: true },
      compensate: ({ args: [account], forwardKey, outcome }) => {
        log.push(`undo of claim: ${outcome}`);
        accounts.leave(account, 'adjust/x', { outcome, forwardKey });
      },
    },
    async (account: string, version: number) => {
      look(account, version);
      accounts.hold(account, 'adjust/x', currentScope()?.step?.key ?? '');
      if (state.lost) accounts.change(account, 1);
      if (state.lost) throw Object.assign(new Error('the line is dead'), { code: 'ECONNRESET' });
    },
  );
  const adjust = defineSaga('adjust', { id: (_by: 'reread' | 'claim') => 'x' }, async (run, by) => {
    const version = await run.step(read, 'a');
    await run.step(steps.debit, 'b', 100);
    await run.step(steps.work, 1_000);
    await run.step(by === 'reread' ? reread : claim, 'a', version);
    await run.step(steps.pay, 'pay');
    return 'paid';
  });
  const process = (): Process => at.world.process({ ...at.options, sagas: [adjust], steps: [...at.options.steps, read, reread, claim] });
  return { ...at, process, adjust, state };
}

describe('J7 what was read before the pivot', () => {
  const changed = ['SAGA_COMPENSATED', 'ACCOUNT_CHANGED'];

  it('is as it was: the run goes on', async () => {
    const { process, adjust, told, end, log } = reader();
    expect(await end(told(process().runtime.run(adjust, ['reread'])))).toBe('paid');
    expect(log).toEqual(['looks at version 1', 'adjust/x pays']);
  });

  it.each(['reread', 'claim'] as const)('has changed: %s sends the run back at once, and is not repeated', async (by) => {
    const { process, adjust, told, end, world, accounts, log } = reader();
    const ended = told(process().runtime.run(adjust, [by]));
    await world.clock.advance(100);
    accounts.change('a', 7);
    expect(await end(ended)).toEqual(changed);
    expect(log).toEqual(['looks at version 2', 'adjust/x credits b, held by undefined']);
    expect(world.clock.monotonic()).toBeLessThan(1_100);
    expect([accounts.of('a').cents, accounts.of('b').cents]).toEqual([1_007, 1_000]);
  });

  it('has changed while nobody was there: what counts is what the run has read, and not what its replay would', async () => {
    const { process, adjust, told, end, world, accounts, log } = reader();
    const one = process();
    void told(one.runtime.run(adjust, ['reread']));
    await world.clock.advance(100);
    one.kill();
    accounts.change('a', 7);
    expect(await end(told(process().runtime.handle(adjust, 'x').outcome()))).toEqual(changed);
    expect(log).not.toContain('adjust/x pays');
  });

  it('has changed after an attempt whose answer was lost: the step is unknown, and its total undo leaves nothing', async () => {
    const { process, adjust, told, end, accounts, log, state } = reader();
    state.lost = true;
    const one = process();
    expect(await end(told(one.runtime.run(adjust, ['claim'])))).toEqual(changed);
    expect((await one.runtime.admin.show('adjust', 'x')).steps.at(-1)).toMatchObject({ operation: 'claim', outcome: 'unknown' });
    expect(log.slice(0, 3)).toEqual(['looks at version 1', 'looks at version 2', 'undo of claim: unknown']);
    expect([accounts.of('a').line, accounts.of('b').cents]).toEqual([[], 1_000]);
  });
});
