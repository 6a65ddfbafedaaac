import { recoveriesOf } from '@redress/core';
import type { IndependentOptions } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, until } from './account.js';
import type { Opened } from './account.js';
import { STORES } from './stores.js';
import type { Place } from './stores.js';

const MEMBERS = ['P1', 'P2', 'P3'];
const BALANCES: Readonly<Record<string, number>> = { P1: 100, P2: 0, P3: 0 };

const FULL = process.env['REDRESS_TESTS'] === 'full';
const PLACES = Object.entries(STORES).filter(([name]) => name !== 'Redis' || FULL);

describe.each(PLACES)('independent checkpointing over %s', (_, place) => {
  let at: Place;
  const lives = new Map<string, Opened>();
  beforeEach(async () => {
    at = await place();
  });
  afterEach(async () => {
    await Promise.all(
      [...lives.values()].map((one) => Promise.race([one.process.stop(), new Promise((resolve) => setTimeout(resolve, 200))])),
    );
    lives.clear();
    await at.remove();
  });

  const live = async (id: string, more: Partial<IndependentOptions> = {}): Promise<void> => {
    lives.set(id, await open(at, id, BALANCES[id] as number, MEMBERS, more));
  };
  const all = (more: Partial<IndependentOptions> = {}) => Promise.all(MEMBERS.map((id) => live(id, more)));
  const of = (id: string): Opened => lives.get(id) as Opened;
  const balances = (): number[] => MEMBERS.map((id) => of(id).account.balance);
  const total = (): number => balances().reduce((a, b) => a + b);
  const crash = (...ids: string[]): void => ids.forEach((id) => of(id).crash());
  const recover = (...ids: string[]) => Promise.all(ids.map((id) => live(id)));
  const last = async () => (await recoveriesOf(await at.connect(), 'bank')).at(-1);

  /** The worked example, up to the failure. */
  const play = async (): Promise<void> => {
    await of('P1').process.checkpoint();
    await of('P1').pay('P2', 40);
    await until(() => of('P2').account.balance === 40);
    await of('P2').process.checkpoint();
    await of('P2').pay('P3', 25);
    await until(() => of('P3').account.balance === 25);
    await of('P3').process.checkpoint();
  };

  it.each([
    { failed: ['P1'], line: { P1: 1, P2: 0, P3: 0 }, after: [100, 0, 0] },
    { failed: ['P2'], line: { P1: 2, P2: 1, P3: 0 }, after: [60, 40, 0] },
    { failed: ['P3'], line: { P1: 2, P2: 2, P3: 1 }, after: [60, 15, 25] },
    { failed: ['P2', 'P3'], line: { P1: 2, P2: 1, P3: 0 }, after: [60, 40, 0] },
    { failed: ['P1', 'P2', 'P3'], line: { P1: 1, P2: 0, P3: 0 }, after: [100, 0, 0] },
  ])('worked example: $failed fail', async ({ failed, line, after }) => {
    await all();
    await play();
    expect(balances()).toEqual([60, 15, 25]);
    crash(...failed);
    await recover(...failed);
    expect((await last())?.line).toEqual(line);
    expect(balances()).toEqual(after);
  });

  it('worked example: the report lists the messages from P1 to P2 and from P2 to P3, with 2 hops', async () => {
    await all();
    await play();
    crash('P1');
    await recover('P1');
    const report = (await last())?.report;
    expect(report).toMatchObject({ maxHops: 2, backToStart: 2 });
    expect(report?.rolledBack.map(({ process, chain }) => [process, chain.map(({ name }) => name)])).toEqual([
      ['P1', []],
      ['P2', ['P1/0:1']],
      ['P3', ['P1/0:1', 'P2/0:1']],
    ]);
    expect([of('P1'), of('P2'), of('P3')].map(({ process }) => process.incarnation)).toEqual([1, 1, 1]);
  });

  it('IN3: with forced checkpoints each goes back by one checkpoint at most, after however long a history', async () => {
    await all({ forced: 'bcs' });
    for (let round = 1; round <= 5; round++) {
      await of('P1').process.checkpoint();
      await of('P1').pay('P2', 2);
      await until(() => of('P2').account.balance === 2 * round - (round - 1));
      await of('P2').process.checkpoint();
      await of('P2').pay('P1', 1);
      await until(() => of('P1').account.balance === 100 - round);
    }
    expect(of('P2').process.forced).toBeGreaterThan(0);
    const { checkpoints } = of('P1').process;
    crash('P1');
    await recover('P1');
    const recovery = await last();
    expect(recovery?.line['P1']).toBe(checkpoints.at(-1));
    for (const { checkpoints: lost } of recovery?.report.rolledBack ?? []) expect(lost).toBeLessThanOrEqual(1);
    await until(() => total() === 100, 'the total');
  });

  it('IN10: a message that was sent before the line and delivered behind it comes again, once', async () => {
    await all();
    await of('P1').pay('P2', 40);
    await until(() => of('P2').account.balance === 40);
    await of('P1').process.checkpoint();
    crash('P2');
    await recover('P2');
    await until(() => of('P2').account.balance === 40, 'the redelivery');
    await of('P1').pay('P2', 1);
    await until(() => of('P2').account.balance === 41);
    expect(of('P2').account.seen).toEqual(['P1:40', 'P1:1']);
    expect(balances()).toEqual([59, 41, 0]);
  });

  it('IN11: a message of an undone interval that comes after the recovery is dropped, and counted', async () => {
    await live('P2', { poll: '1h' });
    await Promise.all([live('P1'), live('P3')]);
    await of('P1').process.checkpoint();
    await of('P1').pay('P2', 40);
    crash('P1', 'P2');
    await recover('P1', 'P2');
    await until(() => of('P2').process.ghosts === 1, 'the ghost');
    expect(balances()).toEqual([100, 0, 0]);
    await of('P1').pay('P2', 5);
    await until(() => of('P2').account.balance === 5);
    expect(of('P2').process.ghosts).toBe(1);
  });

  it('IN12: a survivor that has delivered a message of the failed one in its open interval goes back too', async () => {
    await all();
    await of('P1').pay('P2', 40);
    await until(() => of('P2').account.balance === 40);
    crash('P1');
    await recover('P1');
    await until(() => balances().join() === '100,0,0', 'the rollback of the survivor');
    expect((await last())?.line).toEqual({ P1: 0, P2: 0, P3: 1 });
  });

  it('IN14: going back alone is refused when others would have to; the group does it when asked', async () => {
    await all();
    await play();
    const alone = of('P1').process.rollback({ to: 1 });
    await expect(alone).rejects.toMatchObject({ code: 'PROCESS_ORPHANS', report: { line: { P1: 1, P2: 0, P3: 0 } } });
    expect(balances()).toEqual([60, 15, 25]);
    expect(of('P1').process.incarnation).toBe(0);
    const recovery = await of('P1').process.rollback({ to: 1, scope: 'group' });
    expect(recovery.line).toEqual({ P1: 1, P2: 0, P3: 0 });
    await until(() => balances().join() === '100,0,0', 'the rollback of the group');
    // Alone, where nobody depends on it.
    await of('P3').process.checkpoint();
    await of('P3').process.run(() => void (of('P3').account.balance = 7));
    await of('P3').process.rollback();
    expect(of('P3').account.balance).toBe(0);
    expect(of('P3').process.checkpoints.at(-1)).toBe(2);
    expect(await of('P3').process.checkpoint()).toBe(3);
    await expect(of('P3').process.rollback({ to: 9 })).rejects.toMatchObject({ code: 'LINE_ARGUMENT' });
  });

  it('a checkpoint number is never used again after a rollback', async () => {
    await all();
    for (let n = 1; n <= 2; n++) await of('P1').process.checkpoint();
    await of('P1').process.rollback({ to: of('P1').process.checkpoints.at(-2) as number });
    expect(await of('P1').process.checkpoint()).toBe(3);
  });

  it('a failure in the middle of a recovery begins it anew, and both are undone', async () => {
    await all();
    await play();
    crash('P1', 'P3');
    const first = live('P1');
    const store = await at.connect();
    await until(async () => String((await store.load('recovery-group/bank'))?.head.meta).includes('collecting'));
    crash('P2');
    await Promise.all([first, live('P2'), live('P3')]);
    expect((await last())?.line).toEqual({ P1: 1, P2: 0, P3: 0 });
    expect(balances()).toEqual([100, 0, 0]);
  });

  it('a life that was replaced is told so, and nothing of it is kept', async () => {
    await all();
    const zombie = of('P1');
    await live('P1');
    const ended = await zombie.process.ended;
    expect(ended).toMatchObject({ code: 'PROCESS_FENCED' });
    await expect(zombie.pay('P2', 1)).rejects.toMatchObject({ code: 'PROCESS_ENDED' });
    await expect(zombie.process.checkpoint()).rejects.toMatchObject({ code: 'PROCESS_ENDED' });
  });

  it('a process that is stopped goes on where it was, and takes nobody back', async () => {
    await all();
    await of('P1').pay('P2', 40);
    await until(() => of('P2').account.balance === 40);
    await of('P1').process.stop();
    await recover('P1');
    expect(balances()).toEqual([60, 40, 0]);
    expect((await last())?.report.rolledBack.map(({ process }) => process)).toEqual(['P1']);
  });

  it('a handler that throws ends its process, and its message comes again', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    await Promise.all([live('P1'), live('P2', { receive: broken }), live('P3')]);
    await of('P1').pay('P2', 3);
    await of('P1').process.checkpoint();
    expect(await of('P2').process.ended).toMatchObject({ message: 'broken' });
    await recover('P2');
    await until(() => of('P2').account.balance === 3);
  });

  it('what throws within run comes out, and nothing of it is sent', async () => {
    await all();
    const failing = of('P1').process.run((send) => {
      send('P2', '5');
      throw new Error('changed its mind');
    });
    await expect(failing).rejects.toThrow('changed its mind');
    await expect(of('P1').process.run((send) => send('P9', '5'))).rejects.toMatchObject({ code: 'GROUP_MEMBERS' });
    await of('P1').pay('P2', 1);
    await until(() => of('P2').account.balance === 1);
    expect(of('P2').account.seen).toEqual(['P1:1']);
  });

  it('refuses another list of members', async () => {
    await all();
    await expect(open(at, 'P4', 0, [...MEMBERS, 'P4'])).rejects.toMatchObject({ code: 'GROUP_MEMBERS' });
    await expect(open(at, 'P4', 0, MEMBERS)).rejects.toMatchObject({ code: 'GROUP_MEMBERS' });
  });

  it('keeps few checkpoints, whatever number was taken, and forgets the messages before them', async () => {
    await all({ forced: 'bcs' });
    const ring = [
      ['P1', 'P2'],
      ['P2', 'P3'],
      ['P3', 'P1'],
    ] as const;
    for (let n = 1; n <= 20; n++) {
      for (const [from, to] of ring) {
        const before = of(to).account.balance;
        await of(from).pay(to, 1);
        await until(() => of(to).account.balance !== before);
        await of(from).process.checkpoint();
      }
    }
    expect(MEMBERS.reduce((sum, id) => sum + of(id).process.checkpoints.length, 0)).toBeLessThanOrEqual(12);
    const channel = await (await at.connect()).load('channel/bank/P1/P2');
    expect(channel?.head.length).toBe(21);
    expect(channel?.entries.length).toBeLessThan(10);
    crash('P1');
    await recover('P1');
    await until(() => total() === 100, 'the total');
  });
});

it('two first lives that begin at once are two lives', async () => {
  const at = await (STORES['memory'] as () => Promise<Place>)();
  const [a, b] = await Promise.all([open(at, 'A', 1, ['A']), open(at, 'A', 1, ['A'])]);
  const first = await Promise.race([a.process.ended, b.process.ended]);
  expect(first).toMatchObject({ code: 'PROCESS_FENCED' });
});
