import { testRecovery } from '@redress/testkit';
import type { TestRecovery } from '@redress/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bank, check, decide, servicesOn } from './bank.fixture.js';
import { balanceOf } from './invariants.js';
import { REVIEW } from './reviewer.js';
import { Accounts, Clearing, Trail, TransferService } from './services.js';
import type { Transfer } from './transfer.js';

const within: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 20_000 };
const abroad: Transfer = { id: 't-1', from: 'ana', to: 'x-1', bank: 'NORDBANK', cents: 20_000 };
const large: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 2_000_000 };

describe('a transfer', () => {
  let bank: Bank;
  beforeEach(() => void (bank = new Bank()));
  afterEach(() => bank.close());

  const open = (): Promise<TestRecovery> => testRecovery({ instances: () => servicesOn(bank.world) });
  const transfer = (t: TestRecovery, one: Transfer): Promise<unknown> => t.run(TransferService, (s) => s.transfer(one));
  const balance = (account: string): number | undefined => bank.facts.accounts.find(({ number }) => number === account)?.balance;

  it('moves the money and the fee', async () => {
    await using t = await open();
    expect(await transfer(t, within)).toEqual({ proof: expect.stringContaining('Accounts.credit') as string });
    expect([balance('ana'), balance('ben')]).toEqual([5_000_000 - 20_000 - 15, 21_000]);
    check(bank, within, t.saga('t-1'));
  });

  it('pays another bank', async () => {
    await using t = await open();
    expect(await transfer(t, abroad)).toEqual({ proof: expect.stringContaining('Clearing.submit') as string });
    expect(balanceOf(bank.facts)).toMatchObject({ otherBanks: 20_000, fees: 80, inTransit: 0 });
    check(bank, abroad, t.saga('t-1'));
  });

  it.each([
    ['its daily limit is used up', { ...within, cents: 4_000_001 }, 'DAILY_LIMIT'],
    ['the account has too little', { ...within, from: 'ben', to: 'ana', cents: 1_001 }, 'INSUFFICIENT_FUNDS'],
    ['the account has nothing left for the fee', { ...within, from: 'ben', to: 'ana', cents: 1_000 }, 'INSUFFICIENT_FUNDS'],
    ['the receiver has closed the account', { ...within, to: 'cleo' }, 'ACCOUNT_CLOSED'],
    ['nobody knows the sender', { ...within, from: 'zoe' }, 'UNKNOWN_ACCOUNT'],
    ['nobody knows the other bank', { ...abroad, bank: 'GHOSTBANK' }, 'UNKNOWN_BANK'],
  ])('changes nothing when %s', async (_why, one: Transfer, code) => {
    await using t = await open();
    await expect(transfer(t, one)).rejects.toMatchObject({ cause: { code } });
    expect(t.saga('t-1')).toBeCompensated();
    expect(balanceOf(bank.facts).accounts).toBe(balanceOf(bank.facts).atFirst);
    check(bank, one, t.saga('t-1'));
  });

  it('asks the clearing house when its answer does not come, and goes on', async () => {
    await using t = await open();
    t.unknownAt(Clearing, 'submit');
    expect(await transfer(t, abroad)).toEqual({ proof: expect.stringContaining('Clearing.submit') as string });
    expect(t.calls(Clearing, 'submit')).toHaveLength(1);
    check(bank, abroad, t.saga('t-1'));
  });

  it('is undone when the payment never arrived, and a late arrival has no effect', async () => {
    await using t = await open();
    t.unknownAt(Clearing, 'submit', { effect: false });
    await expect(transfer(t, abroad)).rejects.toThrow('did not happen, says its probe');
    check(bank, abroad, t.saga('t-1'));
    const [call] = t.calls(Clearing, 'submit');
    await expect(bank.world.clearing.submit(abroad, { idempotencyKey: call?.key ?? '' })).rejects.toMatchObject({ code: 'KEY_CLOSED' });
  });

  it('credits once when the answer of the ledger is lost', async () => {
    await using t = await open();
    t.unknownAt(Accounts, 'credit');
    await transfer(t, within);
    expect(balance('ben')).toBe(21_000);
    check(bank, within, t.saga('t-1'));
  });

  it('is recorded again and again once the money has arrived: there is no way back', async () => {
    await using t = await open();
    t.failAt(Trail, 'record', new Error('the archive is closed'), { times: 20 });
    await transfer(t, within);
    expect(t.saga('t-1')).toBeCompleted();
    check(bank, within, t.saga('t-1'));
  });

  describe('of a large sum', () => {
    it('waits for a person for a month, with the money in transit and the case on the pile', async () => {
      await using t = await open();
      await t.start(TransferService, (s) => s.transfer(large));
      await t.settle();
      await t.advance('30d');
      expect(t.saga('t-1')).toBeRunning();
      expect(balanceOf(bank.facts).inTransit).toBe(large.cents);
      check(bank, large, t.saga('t-1'));
    });

    it.each([true, false])('goes on in another process when approved is %s', async (approved) => {
      await using t = await open();
      await t.start(TransferService, (s) => s.transfer(large));
      await t.settle();
      await t.restart();
      await decide(bank, t, approved);
      await t.settle();
      expect(t.saga('t-1').status).toBe(approved ? 'completed' : 'compensated');
      check(bank, large, t.saga('t-1'));
    });

    it('takes no verdict for another one: who says it again says nothing new', async () => {
      await using t = await open();
      await t.start(TransferService, (s) => s.transfer(large));
      await t.settle();
      const say = (approved: boolean): Promise<void> =>
        t.app.signal(TransferService, 'transfer', 't-1', REVIEW, { approved, by: 'A. Ferrari' }, { key: 'case' });
      await Promise.all([say(true), say(true), say(true)]);
      await t.settle();
      expect(t.saga('t-1')).toBeCompleted();
    });
  });
});
