import { SagaCompensatedError } from '@redress/core';
import { CALM } from '@redress/example-shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bank, broken } from './bank.fixture.js';
import { REVIEW } from './reviewer.js';
import { TransferService } from './services.js';
import type { Transfer } from './transfer.js';

const within: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 20_000 };
const abroad: Transfer = { id: 't-2', from: 'ana', to: 'x-1', bank: 'NORDBANK', cents: 20_000 };
const large: Transfer = { id: 't-3', from: 'ana', to: 'ben', cents: 2_000_000 };

describe('a transfer', () => {
  let bank: Bank;
  beforeEach(() => (bank = new Bank()));
  afterEach(() => bank.close());

  async function transfer(one: Transfer, world = bank.world): Promise<unknown> {
    const app = await bank.start(world);
    const handle = await app.start(TransferService, 'transfer', one);
    return handle.outcome({ timeout: '5s' }).catch((error: unknown) => {
      if (error instanceof SagaCompensatedError) return (error.cause as { code?: string }).code;
      throw error;
    });
  }

  const balance = async (account: string): Promise<number | undefined> =>
    (await bank.audit()).facts.accounts.find(({ number }) => number === account)?.balance;

  it('moves the money and the fee', async () => {
    expect(await transfer(within)).toEqual({ proof: expect.stringContaining('Accounts.credit') as string });
    expect(await balance('ben')).toBe(21_000);
    expect(await balance('ana')).toBe(5_000_000 - 20_000 - 15);
    expect(broken(await bank.audit(within))).toEqual([]);
  });

  it('pays another bank', async () => {
    expect(await transfer(abroad)).toEqual({ proof: expect.stringContaining('Clearing.submit') as string });
    expect((await bank.audit()).balance).toMatchObject({ otherBanks: 20_000, fees: 80, inTransit: 0 });
    expect(broken(await bank.audit(abroad))).toEqual([]);
  });

  it.each([
    ['its daily limit is used up', { ...within, cents: 4_000_001 }, 'DAILY_LIMIT', 'refused'],
    ['the account has too little', { ...within, from: 'ben', to: 'ana', cents: 1_001 }, 'INSUFFICIENT_FUNDS', 'undone'],
    ['the account has nothing left for the fee', { ...within, from: 'ben', to: 'ana', cents: 1_000 }, 'INSUFFICIENT_FUNDS', 'undone'],
    ['the receiver has closed the account', { ...within, to: 'cleo' }, 'ACCOUNT_CLOSED', 'undone'],
    ['nobody knows the sender', { ...within, from: 'zoe' }, 'UNKNOWN_ACCOUNT', 'refused'],
    ['nobody knows the other bank', { ...abroad, bank: 'GHOSTBANK' }, 'UNKNOWN_BANK', 'undone'],
  ])('changes nothing when %s', async (_why, one: Transfer, code, ending) => {
    expect(await transfer(one)).toBe(code);
    const found = await bank.audit(one);
    expect(found.endings.get(one.id)).toBe(ending);
    expect(broken(found)).toEqual([]);
    expect(found.balance.accounts).toBe(found.balance.atFirst);
  });

  it('asks the clearing house when its answer does not come, and goes on', async () => {
    const mute = bank.openWorld({ ...CALM, timeoutMs: 1 });
    // Every answer to a payment is lost; the question about it is answered.
    mute.clearing.submit = (...args) => bank.world.clearing.submit(...args).then(() => Promise.reject(timeout()));
    expect(await transfer(abroad, mute)).toEqual({ proof: expect.stringContaining('Clearing.submit') as string });
    expect(broken(await bank.audit(abroad))).toEqual([]);
  });

  it('is undone when the payment never arrived, and a late arrival has no effect', async () => {
    const mute = bank.openWorld();
    let late = (): Promise<unknown> => Promise.resolve();
    mute.clearing.submit = (...args) => {
      late = () => bank.world.clearing.submit(...args);
      return Promise.reject(timeout());
    };
    expect(await transfer(abroad, mute)).toBe('REFUSED');
    await expect(late()).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    const found = await bank.audit(abroad);
    expect(found.balance.accounts).toBe(found.balance.atFirst);
    expect(broken(found)).toEqual([]);
  });

  it('is recorded again and again once the money has arrived: there is no way back', async () => {
    const forgetful = bank.openWorld();
    let failures = 0;
    forgetful.archive.record = (...args) =>
      ++failures < 7 ? Promise.reject(new Error('the archive is closed')) : bank.world.archive.record(...args);
    expect(await transfer(within, forgetful)).toEqual({ proof: expect.any(String) as string });
    expect(broken(await bank.audit(within))).toEqual([]);
  });

  describe('of a large sum', () => {
    async function waiting(): Promise<void> {
      for (;;) {
        const head = (await bank.store.load('Transfer/t-3', { limit: 0 }))?.head;
        if (head?.owner === null && bank.world.reviews.open().length === 1) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }

    it('waits for a person, with the money in transit and the case on the pile', async () => {
      const app = await bank.start();
      await app.start(TransferService, 'transfer', large);
      await waiting();
      const found = await bank.audit(large);
      expect(found.endings.get('t-3')).toBe('waiting');
      expect(found.balance.inTransit).toBe(large.cents);
      expect(broken(found)).toEqual([]);
    });

    it.each([
      [true, 'completed'],
      [false, 'undone'],
    ])('goes on in another process when approved is %s', async (approved, ending) => {
      const first = await bank.start();
      await first.start(TransferService, 'transfer', large);
      await waiting();
      await first.stop();
      const second = await bank.start();
      const [open] = bank.world.reviews.open();
      bank.world.reviews.decide(open?.id ?? '', approved, 'A. Ferrari');
      await second.signal(TransferService, 'transfer', 't-3', REVIEW, { approved, by: 'A. Ferrari' }, { key: 'case' });
      await second
        .handle(TransferService, 'transfer', 't-3')
        .outcome({ timeout: '5s' })
        .catch((error: unknown) => expect(error).toMatchObject({ cause: { code: 'REVIEW_DECLINED' } }));
      const found = await bank.audit(large);
      expect(found.endings.get('t-3')).toBe(ending);
      expect(broken(found)).toEqual([]);
    });
  });
});

function timeout(): Error {
  return Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' });
}
