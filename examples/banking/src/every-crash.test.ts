import { everyCrash, testRecovery } from '@redress/testkit';
import type { CrashPoint, TestRecovery } from '@redress/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { Bank, check, count, decide, servicesOn } from './bank.fixture.js';
import { Clearing, TransferService } from './services.js';
import type { Transfer } from './transfer.js';

const within: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 20_000 };
const abroad: Transfer = { id: 't-1', from: 'ana', to: 'x-1', bank: 'NORDBANK', cents: 20_000 };
const large: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 2_000_000 };

describe('the total of all accounts is conserved at every crash point', { timeout: 120_000 }, () => {
  const banks: Bank[] = [];
  const world = (): Bank => {
    const bank = new Bank();
    banks.push(bank);
    return bank;
  };
  afterEach(() => banks.splice(0).forEach((bank) => bank.close()));

  it.each([
    ['to an account of ours', within],
    ['to another bank', abroad],
  ])('of a transfer %s', async (_title, input) => {
    const report = await everyCrash({
      instances: (bank: Bank) => servicesOn(bank.world),
      saga: [TransferService, 'transfer'],
      input,
      world,
      // The process that goes on dies too: a thousand ways more.
      twice: process.env['REDRESS_TESTS'] === 'full',
      invariant: (bank, run) => {
        count(bank);
        check(bank, input, run);
      },
      ...(input === abroad
        ? { also: { 'the clearing house has accepted, and does not answer': (t: TestRecovery) => t.unknownAt(Clearing, 'submit') } }
        : {}),
    });
    expect(report.covered).toBeGreaterThan(50);
    expect(Object.keys(report.endings).toSorted()).toEqual(['compensated', 'completed']);
  });

  it.each([
    ['approves', true],
    ['declines', false],
  ])('of a transfer that a person %s', async (_title, approved) => {
    const reviewed = async (at?: CrashPoint): Promise<readonly CrashPoint[]> => {
      const bank = world();
      await using t = await testRecovery({ instances: () => servicesOn(bank.world), seed: 7 });
      const begin = (): Promise<unknown> => t.start(TransferService, (s) => s.transfer(large)).catch(() => {});
      const goOn = async (): Promise<void> => {
        await t.settle().catch(() => {});
        count(bank);
        if (t.process.isAlive) return;
        await t.restart();
        if (t.saga('t-1').status === 'absent') await begin();
        await t.settle();
      };
      if (at !== undefined) t.crashAt(at);
      await begin();
      await goOn();
      await decide(bank, t, approved);
      await goOn();
      expect(t.saga('t-1').status, at).toBe(endingAt(at, approved));
      check(bank, large, t.saga('t-1'));
      return t.points;
    };
    // Who says the verdict is no worker: a verdict that was not said is said again.
    const points = (await reviewed()).filter((point) => !point.includes('signal:'));
    expect(points.length).toBeGreaterThan(20);
    for (const point of points) await reviewed(point);
  });
});

/** A credit that never arrived, because its process died first, is closed and undone: nobody repeats it blindly. */
function endingAt(at: CrashPoint | undefined, approved: boolean): string {
  const never = at === 'before:Accounts.credit' || /^after:write (step:6\/outcome, )?step:7$/.test(at ?? '');
  return approved && !never ? 'completed' : 'compensated';
}
