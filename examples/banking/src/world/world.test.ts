import { CALM } from '@redress/example-shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bank } from '../bank.fixture.js';
import type { Transfer } from '../transfer.js';
import { openAccounts, openDatabase, TRANSIT } from './database.js';
import { readFacts } from './facts.js';
import type { World } from './world.js';

const within: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 20_000 };
const abroad: Transfer = { id: 't-2', from: 'ana', to: 'x-1', bank: 'NORDBANK', cents: 20_000 };
const key = (idempotencyKey: string) => ({ idempotencyKey });

describe('the outside world', () => {
  let bank: Bank;
  let world: World;
  beforeEach(() => {
    bank = new Bank();
    world = bank.world;
  });
  afterEach(() => bank.close());

  const balance = (account: string): number | undefined => readFacts(bank.file).accounts.find(({ number }) => number === account)?.balance;

  it('works once on a request, however often it comes with the same key', async () => {
    const first = await world.ledger.debit(within, key('a'));
    expect(await world.ledger.debit(within, key('a'))).toEqual(first);
    expect(balance('ana')).toBe(4_980_000);
    expect(balance(TRANSIT)).toBe(20_000);
    expect(readFacts(bank.file).askedAgain).toBe(1);
  });

  it('gives a refusal again as it gave it, although there is money now', async () => {
    const much = { ...within, from: 'ben', to: 'ana' };
    await expect(world.ledger.debit(much, key('a'))).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    await world.ledger.debit(within, key('b'));
    await world.ledger.credit(within, key('c'));
    await expect(world.ledger.debit(much, key('a'))).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    expect(balance('ben')).toBe(21_000);
  });

  it('reverses a posting once', async () => {
    await world.ledger.debit(within, key('a'));
    await world.ledger.reverseByKey('Accounts.payBack', 'a', key('a/undo'));
    await world.ledger.reverseByKey('Accounts.payBack', 'a', key('a/undo'));
    await world.ledger.reverseByKey('Accounts.payBack', 'a', key('another'));
    expect(balance('ana')).toBe(5_000_000);
    expect(balance(TRANSIT)).toBe(0);
    await expect(world.ledger.debit(within, key('a'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
  });

  it('closes the key of a request that has not arrived, so that it has no effect when it does', async () => {
    await world.ledger.reverseByKey('Accounts.payBack', 'a', key('a/undo'));
    await expect(world.ledger.debit(within, key('a'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    await world.limits.releaseByKey('b', key('b/undo'));
    await expect(world.limits.reserve('ana', 1, key('b'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    await world.reviews.withdrawByKey('c', key('c/undo'));
    await expect(world.reviews.request(within, key('c'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    expect(await world.clearing.settle('d')).toBeUndefined();
    await expect(world.clearing.submit(abroad, key('d'))).rejects.toMatchObject({ code: 'KEY_CLOSED' });
    const { postings, reserved, cases, payments, effects } = readFacts(bank.file);
    expect([postings, reserved, cases, payments, effects]).toEqual([[], [], [], [], []]);
  });

  it('keeps a daily limit, also of what is on its way, and gives back what was released', async () => {
    await world.limits.reserve('ben', 60_000, key('a'));
    await expect(world.limits.reserve('ben', 60_000, key('b'))).rejects.toMatchObject({ code: 'DAILY_LIMIT' });
    await world.limits.releaseByKey('a', key('a/undo'));
    await world.limits.reserve('ben', 60_000, key('c'));
  });

  it('answers what became of a payment whose caller gave up', async () => {
    const slow = bank.openWorld({ ...CALM, lostAnswers: 1, timeoutMs: 5 });
    await expect(slow.clearing.submit(abroad, key('a'))).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(await world.clearing.settle('a')).toEqual({ id: 'a', cents: 20_000 });
    expect(readFacts(bank.file).payments).toHaveLength(1);
  });

  it('says of a refused payment that it did not happen', async () => {
    await expect(world.clearing.submit({ ...abroad, bank: 'GHOSTBANK' }, key('a'))).rejects.toMatchObject({ code: 'UNKNOWN_BANK' });
    expect(await world.clearing.settle('a')).toBeUndefined();
  });

  it('decides a case once', async () => {
    await world.reviews.request(within, key('a'));
    expect(world.reviews.decide('a', true, 'A. Ferrari')).toBe(true);
    expect(world.reviews.decide('a', false, 'B. Okafor')).toBe(false);
    await world.reviews.withdrawByKey('a', key('a/undo'));
    expect(world.reviews.decided()).toEqual([{ id: 'a', transfer: 't-1', cents: 20_000, approved: true, by: 'A. Ferrari' }]);
  });

  it('does not mix up two banks in one file', () => {
    const sql = openDatabase(bank.file);
    expect(openAccounts(sql, [{ number: 'ana', cents: 1, dailyCents: 1, closed: false }])).toBe('ana');
    sql.close();
    expect(balance('ana')).toBe(5_000_000);
  });
});
